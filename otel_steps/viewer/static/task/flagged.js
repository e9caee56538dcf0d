// Which flags there are in a task. Pure.

import { flagsAt } from "./steps.js";

/** Names of the flags, with how many steps have each and where the first one is.
 * @param {import("./steps.js").Index} index @returns {[string, number, number][]} */
export function flagCounts(index) {
  /** @type {Map<string, [string, number, number]>} */
  const counts = new Map();
  for (let at = 0; at < index.count; at++) {
    for (const flag of flagsAt(index, at)) {
      const known = counts.get(flag);
      if (known) known[1]++;
      else counts.set(flag, [flag, 1, at]);
    }
  }
  return [...counts.values()];
}
