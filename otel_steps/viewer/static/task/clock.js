// The player's time: which step and phase is shown at a moment. Pure, so that a film of a task is the same film.

/** @typedef {import("./steps.js").Index} Index */
/** @typedef {"before" | "action" | "after"} Phase */
/**
 * @typedef {object} Timeline
 * @property {number[]} starts Milliseconds at which each step begins, in order.
 * @property {number} total
 */

const SHORTEST_MS = 900;
const LONGEST_MS = 2400;
// What a step's time is shared out to: the screen as it was, the action on it, what came of it.
/** @type {[Phase, number][]} */
const SHARES = [
  ["before", 0.4],
  ["action", 0.35],
  ["after", 0.25],
];
/** @type {Phase[]} */
export const PHASES = ["before", "action", "after"];

/**
 * @param {Index} index
 * @param {{isShortened: boolean}} options Shortened: no step is longer than 2.4 s or shorter than 0.9 s,
 *   so that nobody waits for a model. Else a step lasts until the next one begins.
 * @returns {Timeline}
 */
export function timelineOf(index, { isShortened }) {
  const starts = [];
  let total = 0;
  for (let position = 0; position < index.count; position++) {
    starts.push(total);
    const real = lastsMs(index, position);
    total += isShortened ? Math.min(Math.max(real, SHORTEST_MS), LONGEST_MS) : Math.max(real, 1);
  }
  return { starts, total };
}

/** @param {Index} index @param {number} position */
function lastsMs(index, position) {
  const next = index.start_ms[position + 1];
  const until = next == null ? null : next - index.start_ms[position];
  return Math.max(until ?? index.duration_ms[position] ?? 0, 0);
}

/**
 * What is to be seen at a moment.
 * @param {Timeline} timeline @param {number} time Milliseconds; beyond the ends counts as the ends.
 * @returns {{position: number, phase: Phase, progress: number, isOver: boolean}} `progress` is 0-1 in the phase;
 *   position is -1 where there are no steps.
 */
export function deriveFrame(timeline, time) {
  const { starts, total } = timeline;
  if (starts.length === 0) return { position: -1, phase: "before", progress: 0, isOver: true };
  const at = Math.min(Math.max(time, 0), total);
  const position = positionAt(starts, at);
  const end = starts[position + 1] ?? total;
  let rest = end > starts[position] ? (at - starts[position]) / (end - starts[position]) : 1;
  for (const [phase, share] of SHARES) {
    if (rest < share || phase === "after") {
      return { position, phase, progress: Math.min(rest / share, 1), isOver: time >= total };
    }
    rest -= share;
  }
  throw new Error("the shares of a step's phases do not end with `after`");
}

/**
 * The moment at which a step's phase begins: the way back from a selection to the player's time.
 * @param {Timeline} timeline @param {number} position @param {Phase} phase
 */
export function timeOf(timeline, position, phase) {
  const start = timeline.starts[position];
  if (start === undefined) return 0;
  const length = (timeline.starts[position + 1] ?? timeline.total) - start;
  let share = 0;
  for (const [name, part] of SHARES) {
    if (name === phase) break;
    share += part;
  }
  // A hair inside, or rounding could show the phase before.
  return start + length * share + (share > 0 ? length * 1e-6 : 0);
}

/** The last position that begins at or before a value. @param {number[]} starts @param {number} value */
export function positionAt(starts, value) {
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (starts[middle] <= value) low = middle;
    else high = middle - 1;
  }
  return low;
}
