// What is loaded only for the step at hand: its row with thinking, action and result.

import { useEffect, useState } from "../lib.js";
import { errorText } from "../i18n.js";
import { useFact } from "./state.js";
import { isRunning } from "./steps.js";

/** @typedef {import("./steps.js").Index} Index */
/** @typedef {{step: any, screenshot: any, usage: any, script: Record<string, string | null>}} Body */
/** @typedef {{body: Body | null, error: string}} Loading */
/**
 * What the parts of the view are given.
 * @typedef {object} Kit
 * @property {any} source
 * @property {import("./state.js").Session} session
 * @property {Bodies} bodies
 * @property {string} taskId
 */

const KEPT = 400;

export class Bodies {
  /** @param {any} source @param {string} taskId */
  constructor(source, taskId) {
    this.source = source;
    this.taskId = taskId;
    /** @type {Map<string, Body>} */
    this.kept = new Map();
    /** @type {Map<string, Promise<Body>>} */
    this.asked = new Map();
  }

  /** A row that has changed since has another key, so that it is loaded again. @param {Index} index @param {number} at */
  keyOf(index, at) {
    const version = isRunning(index, at) ? index.version : "";
    const said = JSON.stringify([index.tags?.[at], index.scores?.[at]]);
    return [index.id[at], index.status[at], index.duration_ms[at], index.picture[at], version, said].join(" ");
  }

  /** @param {Index} index @param {number} at @returns {Body | null} */
  at(index, at) {
    return this.kept.get(this.keyOf(index, at)) ?? null;
  }

  /** What has been written to a step. @param {Index} index As it is now. @param {number} at @param {Body} body */
  put(index, at, body) {
    this.kept.set(this.keyOf(index, at), body);
  }

  /** @param {Index} index @param {number} at @returns {Promise<Body>} */
  async load(index, at) {
    const key = this.keyOf(index, at);
    const kept = this.kept.get(key);
    if (kept) return kept;
    // Several parts of the view want the same one at once.
    const asked = this.asked.get(key) ?? this.source.step(this.taskId, index.id[at]);
    this.asked.set(key, asked);
    try {
      const body = await asked;
      this.kept.set(key, body);
      if (this.kept.size > KEPT) this.kept.delete(/** @type {string} */ (this.kept.keys().next().value));
      return body;
    } finally {
      this.asked.delete(key);
    }
  }
}

/**
 * The body of the selected step; the one before stays away, so that nobody reads the wrong thinking.
 * @param {Kit} kit @returns {Loading}
 */
export function useBody({ session, bodies }) {
  const index = useFact(session, (state) => state.index);
  const position = useFact(session, (state) => state.position);
  const key = position < 0 ? "" : bodies.keyOf(index, position);
  const [loaded, setLoaded] = useState({ key: "", error: "" });
  useEffect(() => {
    if (!key) return undefined;
    let isWanted = true;
    const done = (/** @type {string} */ error) => isWanted && setLoaded({ key, error });
    // Who holds a key down passes by many steps and wants none of them.
    const wait = bodies.at(index, position) ? 0 : 60;
    const timer = setTimeout(() => {
      bodies.load(index, position).then(() => done(""), (error) => done(errorText(error)));
    }, wait);
    return () => {
      isWanted = false;
      clearTimeout(timer);
    };
  }, [bodies, key]);
  const body = position < 0 ? null : bodies.at(index, position);
  return { body, error: !body && loaded.key === key ? loaded.error : "" };
}
