// What a key or a button does to the state. Pure: a command and a state give a change.

import { MODES } from "./address.js";
import { PHASES } from "./clock.js";
import { EVERYTHING, moved } from "./filter.js";
import { isOpen } from "./live.js";
import { flagsAt, hasFailed } from "./steps.js";
import { UNZOOMED, closeUp, zoomed } from "./zoom.js";

/** @typedef {import("./state.js").State} State */
/** @typedef {Partial<State>} Change */

export const SPEEDS = [0.5, 1, 2, 4, 8];
const CLOSE_UP = 2;
const CLOSER = 1.5;

/** @param {State} state @param {number} position @returns {Change} */
export function selected(state, position) {
  const last = state.index.count - 1;
  if (last < 0) return {};
  const at = Math.min(Math.max(position, 0), last);
  return at === state.position ? {} : { position: at, phase: "action" };
}

/** @param {State} state @param {number} by @returns {Change} */
function stepped(state, by) {
  const { shown, position } = state;
  return selected(state, shown ? moved(shown, position, by) : position + by);
}

/** Through the phases of a step and on to its neighbour's. @param {State} state @param {number} by @returns {Change} */
function phased(state, by) {
  const at = PHASES.indexOf(state.phase) + by;
  if (PHASES[at]) return { phase: PHASES[at] };
  const change = stepped(state, by);
  return change.position === undefined ? {} : { ...change, phase: by > 0 ? "before" : "after" };
}

/** @param {State} state @param {number} by @param {(at: number) => boolean} isWanted @returns {Change} */
function sought(state, by, isWanted) {
  for (let at = state.position + by; at >= 0 && at < state.index.count; at += by) {
    if (isWanted(at)) return selected(state, at);
  }
  return {};
}

/** @param {State} state @param {number} by @returns {Change} */
function failedFrom(state, by) {
  return sought(state, by, (at) => hasFailed(state.index, at));
}

/** @param {State} state @param {number} by @returns {Change} */
function paced(state, by) {
  const at = SPEEDS.indexOf(state.speed) + by;
  return { speed: SPEEDS[Math.min(Math.max(at, 0), SPEEDS.length - 1)] };
}

/** @param {State} state @returns {Change} */
function played(state) {
  if (state.isPlaying) return { isPlaying: false };
  const [first, last] = state.filter.range ?? [0, state.index.count - 1];
  const isAtEnd = state.position >= last && state.phase !== "before";
  return isAtEnd ? { isPlaying: true, position: first, phase: "before" } : { isPlaying: true };
}

/** @param {State} state @returns {Change} */
function nextMode(state) {
  return { mode: MODES[(MODES.indexOf(state.mode) + 1) % MODES.length] };
}

/** @param {State} state @returns {Change} */
function flaggedOnly(state) {
  const filter = { ...state.filter, flagged: !state.filter.flagged };
  const isFirst = (/** @type {number} */ at) => flagsAt(state.index, at).length > 0;
  const isHere = state.position >= 0 && isFirst(state.position);
  return { filter, ...(filter.flagged && !isHere ? sought(state, 1, isFirst) : {}) };
}

/** Close up on where the agent acted, and back. @param {State} state @returns {Change} */
function nearer({ zoom, index, position }) {
  if (zoom.scale > 1) return { zoom: UNZOOMED };
  return { zoom: closeUp({ x: index.x[position] ?? 500, y: index.y[position] ?? 500 }, CLOSE_UP) };
}

/** Step by step, towards where the agent acted. @param {State} state @param {number} factor @returns {Change} */
function scaled({ zoom, index, position }, factor) {
  if (zoom.scale === 1 && factor < 1) return {};
  const point = { x: (index.x[position] ?? 500) / 10, y: (index.y[position] ?? 500) / 10 };
  const at = { x: point.x * zoom.scale + zoom.x, y: point.y * zoom.scale + zoom.y };
  return { zoom: zoomed(zoom, factor, at) };
}

/** @type {Record<string, (state: State) => Change>} */
const CHANGES = {
  next: (state) => stepped(state, 1),
  previous: (state) => stepped(state, -1),
  next10: (state) => stepped(state, 10),
  previous10: (state) => stepped(state, -10),
  first: (state) => stepped(state, -state.index.count),
  last: (state) => stepped(state, state.index.count),
  nextPhase: (state) => phased(state, 1),
  previousPhase: (state) => phased(state, -1),
  nextFailed: (state) => failedFrom(state, 1),
  previousFailed: (state) => failedFrom(state, -1),
  flagged: flaggedOnly,
  play: played,
  slower: (state) => paced(state, -1),
  faster: (state) => paced(state, 1),
  overlay: (state) => ({ hasOverlay: !state.hasOverlay }),
  attempts: (state) => ({ hasAttempts: !state.hasAttempts }),
  mode: nextMode,
  zoom: nearer,
  zoomIn: (state) => scaled(state, CLOSER),
  zoomOut: (state) => scaled(state, 1 / CLOSER),
  strip: (state) => ({ isStripOpen: !state.isStripOpen }),
  full: (state) => ({ isFull: !state.isFull }),
  help: (state) => ({ isHelpOpen: !state.isHelpOpen }),
  spans: (state) => ({ areSpansOpen: !state.areSpansOpen }),
  close: () => ({ isHelpOpen: false, isListOpen: false, isFull: false }),
  clear: () => ({ filter: EVERYTHING }),
};
// A reader who moves by hand does not want the player to move on.
const STOPS = new Set(Object.keys(CHANGES).filter((name) => /^(next|previous|first|last)/.test(name)));

/** @param {string} command @returns {boolean} */
export const isChange = (command) => command in CHANGES;

/** @param {string} command @param {State} state @returns {Change} */
export function changeOf(command, state) {
  const change = CHANGES[command](state);
  return STOPS.has(command) ? { ...change, isPlaying: false } : change;
}

/** To the newest step, and from there along with what comes. @param {State} state @returns {Change} */
export const newest = (state) => ({ ...selected(state, state.index.count - 1), unseen: 0, isPlaying: false });

/**
 * Where to begin when no step is named: at what is new, at what went wrong, or at the first step.
 * @param {State} state
 */
export function beginning(state) {
  const { task, index } = state;
  if (isOpen(task)) return newest(state);
  const why = index.number.indexOf(task.why?.steps[0]);
  const failed = task.status === "completed" ? -1 : index.success.indexOf(false);
  return selected(state, Math.max(why >= 0 ? why : failed, 0));
}

/** Whether new steps take the reader along. @param {State} state */
export const isGoingAlong = ({ index, position, isLive, isPlaying }) => isLive && position === index.count - 1 && !isPlaying;
