// All attributes of a step, of its resource and of its picture, as a table that can be searched.

import { html, useState } from "../lib.js";
import { t } from "../i18n.js";
import { styled } from "../styled.js";

styled(`.task {
  .attributes input { width: 100%; margin: 6px 0; }
  .attributes table { width: 100%; border-collapse: collapse; font-size: 12px; table-layout: fixed; }
  .attributes th, .attributes td { padding: 3px 6px 3px 0; text-align: start; vertical-align: top; font-weight: 400; overflow-wrap: anywhere; border-top: 1px solid var(--line); }
  .attributes th { color: var(--muted); width: 45%; }
}`);

/** @param {{step: any, screenshot: any}} props */
export default function AttributeTable({ step, screenshot }) {
  const [wanted, setWanted] = useState("");
  const rows = attributeRows(step, screenshot, wanted);
  return html`<input type="search" placeholder=${t("task.attributes.search")} aria-label=${t("task.attributes.search")}
      value=${wanted} onInput=${(/** @type {any} */ event) => setWanted(event.target.value)} />
    <table><tbody>${rows.map(([name, value]) => html`<tr key=${name}><th scope="row">${name}</th><td>${value}</td></tr>`)}</tbody></table>`;
}

// Other parts of the view show these, and in their own way.
const SHOWN = new Set(["thinking", "action", "action_result", "step_data", "error_message", "timings", "attributes", "resource"]);

/**
 * Every other column of the step, whatever there is; then what has no column.
 * @param {any} step @param {any} screenshot @param {string} wanted @returns {[string, string][]}
 */
export function attributeRows(step, screenshot, wanted) {
  const word = wanted.toLowerCase();
  const own = Object.entries(step).filter(([name]) => !SHOWN.has(name));
  const picture = Object.entries(screenshot ?? {}).map(([name, value]) => [`screenshot.${name}`, value]);
  return Object.entries({ ...Object.fromEntries(own), ...step.attributes, ...step.resource, ...Object.fromEntries(picture) })
    .filter(([, value]) => value !== null && value !== undefined)
    .map(([name, value]) => /** @type {[string, string]} */ ([name, typeof value === "string" ? value : JSON.stringify(value)]))
    .filter(([name, value]) => `${name} ${value}`.toLowerCase().includes(word));
}
