// The sentence that says why a task did not end well, in parts: its steps are to become links. Pure.

/** @typedef {{step: number | null, fact: string, value: string}} Proof */
/**
 * @typedef {object} Why
 * @property {string} kind
 * @property {string} confidence
 * @property {number[]} steps The one to look at first, first.
 * @property {{en: string, zh: string}} sentence
 * @property {Proof[]} evidence
 * @property {string} fingerprint
 */

// What was recorded stands in quotes of its own, and may look like anything.
const TOKENS = /(“[^”]*”|\bsteps? \d+(?:–\d+)?|第 \d+(?:–\d+)? 步)/i;

/** @param {string} sentence @returns {{text: string, step: number | null}[]} */
export function parted(sentence) {
  return sentence
    .split(TOKENS)
    .filter(Boolean)
    .map((text) => {
      const [, number] = /^(?:steps? |第 )(\d+)/i.exec(text) ?? [];
      return { text, step: number === undefined ? null : Number(number) };
    });
}
