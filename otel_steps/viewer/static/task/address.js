// The step and the view in the address bar, so that the address is the link to share. Pure.

/** @typedef {import("./state.js").Mode} Mode */

/** @type {Mode[]} */
export const MODES = ["pair", "single", "slider", "diff"];

/**
 * @param {string} hash As `location.hash`: `#s=14&v=pair`, or `#live&v=pair` for the newest step of a running task, and
 *   what the list shows: `&f=no_op`, `&q=camera`.
 * @returns {{number: number | null, mode: Mode | null, isLive: boolean, flag: string, text: string}} The step's number,
 *   not its position.
 */
export function parsed(hash) {
  const values = new URLSearchParams(hash.replace(/^#/, ""));
  const number = Number.parseInt(values.get("s") ?? "", 10);
  const mode = MODES.find((name) => name === values.get("v")) ?? null;
  const [isLive, flag, text] = [values.has("live"), values.get("f") ?? "", values.get("q") ?? ""];
  return { number: Number.isNaN(number) ? null : number, mode, isLive, flag, text };
}

/** @param {number | null} number null for the newest step, whichever that is. @param {Mode} mode
 * @param {{flag: string, text: string}} filter */
export const written = (number, mode, { flag, text }) =>
  `#${number === null ? "live" : `s=${number}`}&v=${mode}${flag && `&f=${flag}`}${text && `&q=${encodeURIComponent(text)}`}`;

/**
 * @param {string} query As `location.search`.
 * @returns {{isEmbedded: boolean, isAutoplaying: boolean}}
 */
export function embedding(query) {
  const values = new URLSearchParams(query);
  return { isEmbedded: values.get("player") === "1", isAutoplaying: values.get("autoplay") === "1" };
}
