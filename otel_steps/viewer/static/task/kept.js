// How the reader has arranged the page: kept in the browser, for every task.

/**
 * @typedef {object} Kept
 * @property {boolean} [isStripOpen]
 * @property {boolean} [hasAttempts]
 * @property {number} [list] Pixels; 0 is closed.
 * @property {number} [details] Pixels; 0 is closed.
 */

const KEY = "otel-steps.task";
/** @type {("list" | "details")[]} */
export const PANELS = ["list", "details"];

/** What was kept; what cannot be read counts as nothing. @returns {Kept} */
export function kept() {
  try {
    const value = JSON.parse(localStorage.getItem(KEY) ?? "{}");
    return typeof value === "object" && value ? value : {};
  } catch {
    return {};
  }
}

/** @param {Kept} change A part that is undefined is as it was at first. */
export function keep(change) {
  localStorage.setItem(KEY, JSON.stringify({ ...kept(), ...change }));
}

/** The columns as attributes of their element; without a width the style sheet has one. @param {Kept} widths */
export function columnsOf(widths) {
  const set = PANELS.filter((name) => Number.isFinite(widths[name]));
  return {
    style: Object.fromEntries(set.map((name) => [`--${name}`, `${widths[name]}px`])),
    "data-closed": set.filter((name) => widths[name] === 0).join(" "),
  };
}
