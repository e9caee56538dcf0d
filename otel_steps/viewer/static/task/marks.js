// The icon of a step's action, and the sign of what is wrong with it: a shape each, not a colour alone.

import { html } from "../lib.js";
import { Icon } from "../icons.js";
import { lazily } from "./lazy.js";
import { FAILED, FLAGGED, PLAIN, RUNNING, severityAt } from "./steps.js";

/** @type {Record<string, string>} */
const ICONS = {
  double_tap: "tap",
  long_press: "tap",
  right_click: "tap",
  hover: "tap",
  scroll: "swipe",
  key: "type",
  take_over: "takeover",
  interact: "takeover",
  call_api: "note",
  unknown: "flag",
  "": "note",
};
const SIGNS = { [FAILED]: "fail", [FLAGGED]: "flag", [RUNNING]: "running", [PLAIN]: "" };

const Hits = lazily(() => import("./hits.js"));

/** A text with a word marked in it, if there is one. @param {string} text @param {string} word */
export const withHits = (text, word) => (word ? html`<${Hits} ...${{ text, word }} />` : text);

/** @param {string} marker */
export const iconOf = (marker) => html`<${Icon} name=${ICONS[marker] ?? marker} />`;

/** @param {{kind: string}} props */
export const StepIcon = ({ kind }) => iconOf(kind);

/** @param {{index: import("./steps.js").Index, position: number}} props */
export function Mark({ index, position }) {
  const sign = SIGNS[severityAt(index, position)];
  return sign ? html`<span class=${`mark mark-${sign}`}><${Icon} name=${sign} /></span>` : null;
}
