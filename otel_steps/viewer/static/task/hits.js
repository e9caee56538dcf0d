// The words that a search has found, marked where they stand.

import { html } from "../lib.js";

/**
 * The parts of a text, alternately beside and inside a word, whatever its case.
 * @param {string} text @param {string} word @returns {string[]}
 */
export function partsOf(text, word) {
  if (!word) return [text];
  // As long as it was: a few letters, such as İ, are not.
  const [low, sought] = [text.toLowerCase(), word.toLowerCase()];
  if (low.length !== text.length) return [text];
  const parts = [];
  let from = 0;
  for (let at = low.indexOf(sought); at >= 0; at = low.indexOf(sought, from)) {
    parts.push(text.slice(from, at), text.slice(at, at + sought.length));
    from = at + sought.length;
  }
  return [...parts, text.slice(from)];
}

/** @param {{text: string, word: string}} props */
export default function Hits({ text, word }) {
  return html`${partsOf(text, word).map((part, at) => (at % 2 ? html`<mark>${part}</mark>` : part))}`;
}
