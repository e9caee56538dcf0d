// A line that is cut off, from where a search has found something in it. Pure.

import { partsOf } from "../task/hits.js";

// Of the text before a hit, where that would push it out of sight.
const LEAD_CHARS = 24;

/** @param {string} text @param {string} word */
export function fromHit(text, word) {
  const before = partsOf(text, word)[0];
  const isFar = before.length < text.length && before.length > 2 * LEAD_CHARS;
  // Not from the second half of a character on.
  return isFar ? `…${text.slice(before.length - LEAD_CHARS).replace(/^[\udc00-\udfff]/, "")}` : text;
}
