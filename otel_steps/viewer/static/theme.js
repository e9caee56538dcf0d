// Light or dark: as the system has it, or as chosen here.

/** @typedef {"system" | "light" | "dark"} Theme */

/** @type {Theme[]} */
export const THEMES = ["system", "light", "dark"];
const KEY = "otel-steps.theme";

/** @returns {Theme} */
export function theme() {
  const name = localStorage.getItem(KEY);
  return THEMES.find((each) => each === name) ?? "system";
}

/** @param {Theme} name */
export function setTheme(name) {
  localStorage.setItem(KEY, name);
  applyTheme();
}

/** The style sheet does the rest. */
export function applyTheme() {
  document.documentElement.dataset.theme = theme();
}
