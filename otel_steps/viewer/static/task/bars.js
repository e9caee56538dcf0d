// The bars of the minimap. Pure.

import { timelineOf } from "./clock.js";
import { durationAt, severityAt } from "./steps.js";

/** @typedef {import("./steps.js").Index} Index */
/** @typedef {import("./state.js").Axis} Axis */
/** @typedef {{left: number, width: number, height: number, severity: number}} Bar Shares (0-1) of the map. */

/** Where each step begins, with the end of all, as shares of the map. @param {Index} index @param {Axis} axis */
export function edgesOf(index, axis) {
  if (axis === "step") return Array.from({ length: index.count + 1 }, (_, at) => at / Math.max(index.count, 1));
  const { starts, total } = timelineOf(index, { isShortened: axis === "idle" });
  return [...starts.map((start) => start / Math.max(total, 1)), 1];
}

/**
 * A bar for every step, or for every pixel where there are more steps: then the worst of them speaks.
 * @param {Index} index @param {number[]} edges @param {number} width Pixels.
 * @returns {Bar[]}
 */
export function barsOf(index, edges, width) {
  const longest = index.duration_ms.reduce((/** @type {number} */ most, ms) => Math.max(most, ms ?? 0), 1);
  /** @type {Bar[]} */
  const bars = [];
  for (let at = 0; at < index.count; at++) {
    // A square root keeps short steps visible beside one that waited a minute.
    const height = Math.max(Math.sqrt(durationAt(index, at) / longest), 0.08);
    const severity = severityAt(index, at);
    const last = bars.at(-1);
    if (last && Math.floor(edges[at] * width) === Math.floor(last.left * width)) {
      last.width = edges[at + 1] - last.left;
      last.height = Math.max(last.height, height);
      last.severity = Math.max(last.severity, severity);
    } else {
      bars.push({ left: edges[at], width: edges[at + 1] - edges[at], height, severity });
    }
  }
  return bars;
}
