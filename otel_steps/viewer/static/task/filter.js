// Which steps the list shows. Pure.

import { flagsAt, hasFailed } from "./steps.js";

/** @typedef {import("./steps.js").Index} Index */
/**
 * @typedef {object} Filter
 * @property {string} text What was typed; `found` is the answer to it.
 * @property {Set<string> | null} found Ids of the steps that the search found, or null without a search.
 * @property {boolean} failed
 * @property {boolean} flagged
 * @property {string} flag Name of a flag, or "" for any.
 * @property {string} action Name of an action, or "" for all.
 * @property {[number, number] | null} range First and last position of the window in the minimap.
 */

/** @type {Filter} */
export const EVERYTHING = { text: "", found: null, failed: false, flagged: false, flag: "", action: "", range: null };

/** @param {Filter} filter */
export const isFiltering = (filter) =>
  filter.found !== null || filter.failed || filter.flagged || filter.flag !== "" || filter.action !== "" || filter.range !== null;

/**
 * Positions that pass, in order. Failed and flagged together mean either.
 * @param {Index} index @param {Filter} filter
 */
export function passing(index, filter) {
  const [first, last] = filter.range ?? [0, index.count - 1];
  const positions = [];
  for (let at = Math.max(first, 0); at <= last && at < index.count; at++) {
    if (passes(index, at, filter)) positions.push(at);
  }
  return positions;
}

/** @param {Index} index @param {number} at @param {Filter} filter */
function passes(index, at, filter) {
  if (filter.found && !filter.found.has(index.id[at])) return false;
  if (filter.action && index.action[at] !== filter.action) return false;
  if (filter.flag && !flagsAt(index, at).includes(filter.flag)) return false;
  if (!filter.failed && !filter.flagged) return true;
  return (filter.failed && hasFailed(index, at)) || (filter.flagged && flagsAt(index, at).length > 0);
}

/** Names of the actions with how many steps have each, most frequent first.
 * @param {Index} index @returns {[string, number][]} */
export function actionCounts(index) {
  /** @type {Map<string, number>} */
  const counts = new Map();
  for (const name of index.action) if (name) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts].sort((one, other) => other[1] - one[1]);
}

/**
 * The position *by* places on from one among those that pass; ends stop.
 * @param {number[]} positions @param {number} from @param {number} by
 */
export function moved(positions, from, by) {
  if (positions.length === 0) return from;
  const after = positions.findIndex((position) => position >= from);
  const at = after < 0 ? positions.length : after;
  // Between two that pass, the first step back is to the one before, and the first on to the one after.
  const isOn = positions[at] === from;
  const target = at + by - (!isOn && by > 0 ? 1 : 0);
  return positions[Math.min(Math.max(target, 0), positions.length - 1)];
}
