// Which two steps are looked at, which pair of steps that is, and where one goes from there. Pure.

/** @typedef {import("../task/steps.js").Index} Index */
/** @typedef {[number | null, number | null]} Pair Positions in both indexes; null where there is no counterpart. */
/** @typedef {[number, number]} Pin Numbers of two steps that the reader has put side by side. */
/** @typedef {"side" | "slider" | "diff" | "taps"} Mode */
/** @typedef {"previous" | "next" | "first" | "last" | "previousDifference" | "nextDifference"} Move */

/** @type {Mode[]} */
export const MODES = ["side", "slider", "diff", "taps"];

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

/** The pair that two steps are, or else the first that one of them is in. @param {Pair[]} pairs @param {Pair} seen */
export function pairOf(pairs, [i, j]) {
  const whole = pairs.findIndex((pair) => pair[0] === i && pair[1] === j);
  return whole >= 0 ? whole : Math.max(pairs.findIndex((pair) => (i !== null && pair[0] === i) || (j !== null && pair[1] === j)), 0);
}

/** What both did where they parted; where only one has a step there, the other's next one is what it did instead.
 * @param {Pair[]} pairs @param {number} at @returns {Pair} */
export function partingOf(pairs, at) {
  const next = (/** @type {0 | 1} */ side) => pairs.slice(at).find((pair) => pair[side] !== null)?.[side] ?? null;
  return [next(0), next(1)];
}

/** One of the two steps goes on by itself. @param {Pair} seen @param {0 | 1} side @param {number} by @param {number} count */
export function stepped(seen, side, by, count) {
  const from = seen[side];
  const to = from === null ? (by > 0 ? 0 : count - 1) : Math.min(Math.max(from + by, 0), count - 1);
  return /** @type {Pair} */ (side === 0 ? [to, seen[1]] : [seen[0], to]);
}

/**
 * @param {string} hash `#a=6&b=9&v=diff`: the numbers of both steps; one that is left out is the counterpart of the other.
 * @param {Index} a @param {Index} b @param {Pair[]} pairs @param {Pair} otherwise
 * @returns {{seen: Pair, mode: Mode}}
 */
export function parsed(hash, a, b, pairs, otherwise) {
  const values = new URLSearchParams(hash.replace(/^#/, ""));
  const mode = MODES.find((name) => name === values.get("v")) ?? "side";
  const [i, j] = [positionOf(a, values.get("a")), positionOf(b, values.get("b"))];
  if (i === null && j === null) return { seen: otherwise, mode };
  const isOne = !values.has("a") || !values.has("b");
  const pair = pairs.find((each) => (i === null ? each[1] === j : each[0] === i));
  return { seen: isOne && pair ? pair : [i, j], mode };
}

/** @param {Index} index @param {string | null} number */
function positionOf(index, number) {
  const at = number ? index.number.indexOf(Number(number)) : -1;
  return at < 0 ? null : at;
}

/** @param {Pair} seen @param {Index} a @param {Index} b @param {Mode} mode */
export function written([i, j], a, b, mode) {
  const number = (/** @type {Index} */ index, /** @type {number | null} */ at) => (at === null ? "" : index.number[at]);
  return `#a=${number(a, i)}&b=${number(b, j)}${mode === "side" ? "" : `&v=${mode}`}`;
}

/** @param {string} query @returns {Pin[]} */
export const pinsOf = (query) =>
  new URLSearchParams(query).getAll("pin").map((pin) => /** @type {Pin} */ (pin.split("-").map(Number)));

/** With a pin, or without it where it was there; those that it would cross go. @param {Pin[]} pins @param {Pin} pin */
export function toggled(pins, [a, b]) {
  const others = pins.filter(([x, y]) => (x < a && y < b) || (x > a && y > b));
  const isThere = pins.some(([x, y]) => x === a && y === b);
  return isThere ? others : /** @type {Pin[]} */ ([...others, [a, b]]).sort(([x], [y]) => x - y);
}
