// JSON as a tree that opens where it is clicked; children are made when they are first seen.

import { html, useState } from "../lib.js";
import { styled } from "../styled.js";

styled(`.task {
  .json-line, .json summary { font-family: var(--mono); font-size: 12px; overflow-wrap: anywhere; }
  .json .json, .json > .json-line { padding-inline-start: 14px; }
  .json summary { cursor: pointer; color: var(--muted); }
  .json-key { color: var(--muted); }
  .json-string { color: var(--ok); }
  .json-number, .json-flat { color: var(--accent); }
  .json-boolean, .json-null { color: var(--warn); }
}`);

const OPEN_UP_TO = 12;

/** @param {{value: any, name?: string, depth?: number}} props */
export function JsonTree({ value, name, depth = 0 }) {
  if (value === null || typeof value !== "object") {
    return html`<div class="json-line"><${Key} name=${name} /><${Leaf} value=${value} /></div>`;
  }
  const entries = Object.entries(value);
  if (entries.length === 0 || isFlat(value)) {
    return html`<div class="json-line"><${Key} name=${name} /><code class="json-flat">${JSON.stringify(value)}</code></div>`;
  }
  // Who looks at the whole wants to see what is in it, not that there are three.
  if (depth === 0 && entries.length <= OPEN_UP_TO) return entries.map(([key, each]) => html`<${JsonTree} key=${key} name=${key} value=${each} depth=${1} />`);
  return html`<${Branch} ...${{ name, entries, depth }} summary=${Array.isArray(value) ? `[${entries.length}]` : `{${entries.length}}`} />`;
}

/** A point is read best on one line. @param {any} value */
function isFlat(value) {
  return Array.isArray(value) && value.length <= 4 && value.every((each) => typeof each === "number");
}

/** @param {{name?: string, entries: [string, any][], depth: number, summary: string}} props */
function Branch({ name, entries, depth, summary }) {
  const [isOpen, setOpen] = useState(false);
  return html`<details class="json" open=${isOpen} onToggle=${(/** @type {any} */ event) => setOpen(event.currentTarget.open)}>
    <summary><${Key} name=${name} /><span class="json-count">${summary}</span></summary>
    ${isOpen && entries.map(([key, each]) => html`<${JsonTree} key=${key} name=${key} value=${each} depth=${depth + 1} />`)}
  </details>`;
}

/** @param {{name?: string}} props */
const Key = ({ name }) => (name === undefined ? null : html`<span class="json-key">${name}: </span>`);

/** @param {{value: any}} props */
function Leaf({ value }) {
  const kind = value === null ? "null" : typeof value;
  return html`<code dir="auto" class=${`json-${kind}`}>${kind === "string" ? JSON.stringify(value) : String(value)}</code>`;
}
