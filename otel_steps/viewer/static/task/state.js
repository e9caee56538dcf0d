// What the task view shows at the moment. Parts of the view watch the facts they draw, so that a selection
// draws two rows again and not the page.

import { useLayoutEffect, useRef, useState } from "../lib.js";
import { timelineOf } from "./clock.js";
import { EVERYTHING, isFiltering, passing } from "./filter.js";
import { kept } from "./kept.js";
import { UNZOOMED } from "./zoom.js";

/** @typedef {import("./steps.js").Index} Index */
/** @typedef {import("./clock.js").Phase} Phase */
/** @typedef {import("./filter.js").Filter} Filter */
/** @typedef {"pair" | "single" | "slider" | "diff"} Mode */
/** @typedef {"step" | "time" | "idle"} Axis */
/** @typedef {import("./zoom.js").Zoom} Zoom */
/**
 * @typedef {object} State
 * @property {any} task The row of the task.
 * @property {Index} index
 * @property {number} position -1 where there are no steps.
 * @property {Phase} phase
 * @property {Mode} mode
 * @property {Filter} filter
 * @property {number[] | null} shown Positions that pass the filter, or null: all.
 * @property {boolean} hasOverlay
 * @property {boolean} hasAttempts Earlier taps at the same thing are drawn, too.
 * @property {boolean} isStripOpen
 * @property {boolean} isFull Nothing but the pictures and the player.
 * @property {Zoom} zoom
 * @property {Axis} axis Of the minimap.
 * @property {import("./clock.js").Timeline} timeline Of the player.
 * @property {boolean} isPlaying
 * @property {number} speed
 * @property {boolean} isShortened Idle time is shortened.
 * @property {boolean} isLooping
 * @property {boolean} isFollowing The player zooms to where the agent acts.
 * @property {boolean} hasSubtitles
 * @property {number} unseen Steps that came in while the reader was elsewhere.
 * @property {boolean} isLive The server tells what is new.
 * @property {boolean} isHelpOpen
 * @property {boolean} areSpansOpen The waterfall of the whole task.
 * @property {boolean} isListOpen The drawer of the step list on a phone.
 * @property {string | null} traceUrl Template of a link to another backend.
 * @property {boolean} hasVideo Whether the server can make one.
 * @property {string} said What to tell the reader in passing: "copied".
 */

/** @param {any} task @param {Index} index @returns {State} */
export function opened(task, index) {
  const { hasAttempts, isStripOpen } = kept();
  return {
    task,
    index,
    position: index.count > 0 ? 0 : -1,
    phase: "action",
    mode: "pair",
    filter: EVERYTHING,
    shown: null,
    hasOverlay: true,
    hasAttempts: hasAttempts === true,
    isStripOpen: isStripOpen !== false,
    isFull: false,
    zoom: UNZOOMED,
    axis: "step",
    timeline: timelineOf(index, { isShortened: true }),
    isPlaying: false,
    speed: 1,
    isShortened: true,
    isLooping: false,
    isFollowing: false,
    hasSubtitles: true,
    unseen: 0,
    isLive: false,
    isHelpOpen: false,
    areSpansOpen: false,
    isListOpen: false,
    traceUrl: null,
    hasVideo: false,
    said: "",
  };
}

/** One that fails keeps no other from hearing of the change. @param {() => void} watcher */
function told(watcher) {
  try {
    watcher();
  } catch (error) {
    console.error(error);
  }
}

export class Session {
  /** @param {State} state */
  constructor(state) {
    this.state = state;
    /** @type {Set<() => void>} */
    this.watchers = new Set();
  }

  /** Take over a change, with what follows from it, and tell those who watch. @param {Partial<State>} change */
  set(change) {
    const old = this.state;
    const state = { ...old, ...change };
    if (state.index !== old.index || state.filter !== old.filter) {
      state.shown = isFiltering(state.filter) ? passing(state.index, state.filter) : null;
    }
    if (state.index !== old.index || state.isShortened !== old.isShortened) {
      state.timeline = timelineOf(state.index, { isShortened: state.isShortened });
    }
    if (state.position === state.index.count - 1) state.unseen = 0;
    this.state = state;
    for (const watcher of [...this.watchers]) told(watcher);
  }

  /** @param {() => void} watcher @returns {() => void} stops it */
  watch(watcher) {
    this.watchers.add(watcher);
    return () => {
      this.watchers.delete(watcher);
    };
  }
}

/**
 * A fact of the state; the component draws itself again when it is another one.
 * @template T
 * @param {Session} session
 * @param {(state: State) => T} pick Its answer is compared by identity: no new objects.
 * @returns {T}
 */
export function useFact(session, pick) {
  const [, redraw] = useState(0);
  const picked = pick(session.state);
  const last = useRef({ pick, picked });
  last.current = { pick, picked };
  useLayoutEffect(() => {
    const look = () => {
      if (!Object.is(last.current.pick(session.state), last.current.picked)) redraw((count) => count + 1);
    };
    // Something may have changed between drawing and now.
    look();
    return session.watch(look);
  }, [session]);
  return picked;
}
