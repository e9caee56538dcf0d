// The step and the view in the address bar, so that the address is the link to share. Pure.

/** @typedef {import("./state.js").Mode} Mode */

/** @type {Mode[]} */
export const MODES = ["pair", "single", "slider", "diff"];

/**
 * @param {string} hash As `location.hash`: `#s=14&v=pair`.
 * @returns {{number: number | null, mode: Mode | null}} The step's number, not its position.
 */
export function parsed(hash) {
  const values = new URLSearchParams(hash.replace(/^#/, ""));
  const number = Number.parseInt(values.get("s") ?? "", 10);
  const mode = MODES.find((name) => name === values.get("v")) ?? null;
  return { number: Number.isNaN(number) ? null : number, mode };
}

/** @param {number} number @param {Mode} mode */
export const written = (number, mode) => `#s=${number}&v=${mode}`;

/**
 * @param {string} query As `location.search`.
 * @returns {{isEmbedded: boolean, isAutoplaying: boolean}}
 */
export function embedding(query) {
  const values = new URLSearchParams(query);
  return { isEmbedded: values.get("player") === "1", isAutoplaying: values.get("autoplay") === "1" };
}
