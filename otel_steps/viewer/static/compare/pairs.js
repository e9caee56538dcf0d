// Which steps of two tasks stand side by side, and in what they differ. Pure.

/** @typedef {import("../task/steps.js").Index} Index */
/** @typedef {[number | null, number | null]} Pair Positions in both indexes; null where there is no counterpart. */

// A tap nearer than this, of 1000, is on the same thing.
const NEAR = 100;

/** Whether both did the same. @param {Index} a @param {Index} b @param {Pair} pair */
export function isSame(a, b, [i, j]) {
  if (i === null || j === null) return false;
  return a.action[i] === b.action[j] && a.label[i] === b.label[j] && a.app[i] === b.app[j] && isNear(a, i, b, j);
}

/** @param {Index} a @param {number} i @param {Index} b @param {number} j */
function isNear(a, i, b, j) {
  return /** @type {const} */ (["x", "y", "x2", "y2"]).every((name) => {
    const [one, other] = [a[name][i], b[name][j]];
    return one == null || other == null ? one == other : Math.abs(one - other) <= NEAR;
  });
}

/** @typedef {"previous" | "next" | "first" | "last" | "previousDifference" | "nextDifference"} Move */

/** @type {Record<string, Move>} */
export const KEYS = {
  j: "next", ArrowRight: "next", ArrowDown: "next",
  k: "previous", ArrowLeft: "previous", ArrowUp: "previous",
  Home: "first", End: "last", f: "nextDifference", F: "previousDifference",
};

/**
 * Where a move leads; where there is nothing to go to, it stays.
 * @param {Move} move @param {number} at @param {boolean[]} same Of each pair.
 */
export function moved(move, at, same) {
  const last = same.length - 1;
  if (move === "first") return 0;
  if (move === "last") return last;
  if (move === "next" || move === "previous") return Math.min(Math.max(at + (move === "next" ? 1 : -1), 0), last);
  const found = move === "nextDifference" ? same.indexOf(false, at + 1) : at > 0 ? same.lastIndexOf(false, at - 1) : -1;
  return found < 0 ? at : found;
}

/** `#at=6` counts pairs from 1. @param {string} hash @param {number} otherwise @param {number} count */
export function positionOf(hash, otherwise, count) {
  const at = Number.parseInt(new URLSearchParams(hash.replace(/^#/, "")).get("at") ?? "", 10);
  return Number.isNaN(at) ? otherwise : Math.min(Math.max(at - 1, 0), count - 1);
}
