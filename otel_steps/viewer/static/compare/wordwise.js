// What two texts have in common, word by word, in any language. Pure.

/** @typedef {{kind: "same" | "a" | "b", text: string}} Piece */

// Beyond it, the table of the longest common part takes a page's time and memory.
const MAX_CELLS = 2_000_000;
// Texts that have less in common are read better one after the other.
const LEAST_COMMON = 0.3;
const HAS_WORD = /[\p{L}\p{N}]/u;

/**
 * The words, spaces and signs of a text in order; Chinese has words without spaces between them.
 * @param {string} text @returns {string[]}
 */
export function wordsOf(text) {
  if (!("Segmenter" in Intl)) return text.match(/\p{sc=Han}|[\p{L}\p{N}_]+|\s+|./gsu) ?? [];
  return Array.from(new Intl.Segmenter(undefined, { granularity: "word" }).segment(text), ({ segment }) => segment);
}

/**
 * The pieces of both texts, those of the first before those of the second where they differ.
 * @param {string} one @param {string} other
 * @returns {Piece[] | null} null where they have too little in common, or are too long to tell.
 */
export function differenceOf(one, other) {
  const [a, b] = [wordsOf(one), wordsOf(other)];
  const start = commonStart(a, b);
  const end = commonStart(a.slice(start).reverse(), b.slice(start).reverse());
  const [x, y] = [a.slice(start, a.length - end), b.slice(start, b.length - end)];
  if (x.length * y.length > MAX_CELLS) return null;
  const same = (/** @type {string[]} */ words) => words.map((text) => /** @type {Piece} */ ({ kind: "same", text }));
  const pieces = joined([...same(a.slice(0, start)), ...walked(x, y), ...same(end > 0 ? a.slice(-end) : [])]);
  const common = pieces.reduce((sum, { kind, text }) => sum + (kind === "same" ? text.length : 0), 0);
  return common < LEAST_COMMON * Math.max(one.length, other.length) ? null : pieces;
}

/** @param {string[]} a @param {string[]} b */
function commonStart(a, b) {
  let at = 0;
  while (at < a.length && at < b.length && a[at] === b[at]) at++;
  return at;
}

/** Along the longest common part of both. @param {string[]} a @param {string[]} b @returns {Piece[]} */
function walked(a, b) {
  const width = b.length + 1;
  // Of what is left of both from i and j on, how many words they have in common.
  const common = new Uint16Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      common[i * width + j] = a[i] === b[j]
        ? common[(i + 1) * width + j + 1] + 1
        : Math.max(common[(i + 1) * width + j], common[i * width + j + 1]);
    }
  }
  /** @type {Piece[]} */
  const pieces = [];
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) pieces.push({ kind: "same", text: a[i++] }) && j++;
    else if (j === b.length || (i < a.length && common[(i + 1) * width + j] >= common[i * width + j + 1])) pieces.push({ kind: "a", text: a[i++] });
    else pieces.push({ kind: "b", text: b[j++] });
  }
  return pieces;
}

/** Whole phrases in place of words: a space between two words that differ differs with them.
 * @param {Piece[]} words @returns {Piece[]} */
function joined(words) {
  /** @type {Piece[]} */
  const pieces = [];
  let change = { a: "", b: "" };
  let held = "";
  const flush = () => {
    if (change.a) pieces.push({ kind: "a", text: change.a });
    if (change.b) pieces.push({ kind: "b", text: change.b });
    change = { a: "", b: "" };
    const last = pieces.at(-1);
    if (held && last?.kind === "same") last.text += held;
    else if (held) pieces.push({ kind: "same", text: held });
    held = "";
  };
  for (const { kind, text } of words) {
    if (kind === "same") {
      held += text;
      if (HAS_WORD.test(text) || !(change.a || change.b)) flush();
    } else {
      change = { a: change.a + held, b: change.b + held };
      held = "";
      change[kind] += text;
    }
  }
  flush();
  return pieces;
}
