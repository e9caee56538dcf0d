// A table of figures: what each row is of first, then numbers that lead to their tasks.

import { html, useState } from "../lib.js";
import { t } from "../i18n.js";

/** @typedef {{text: any, href?: string | null, title?: string, isName?: boolean}} Cell */

/**
 * @param {{label: string, head: any[], rows: {key: string, cells: Cell[]}[], few?: number}} props
 *   A cell that has no text is shown as unknown; of more than `few` rows the rest has to be asked for.
 */
export function Table({ label, head, rows, few = Infinity }) {
  const [isWhole, setWhole] = useState(false);
  return html`<div class="table-wrap" tabindex="0" role="group" aria-label=${label}><table>
    <thead><tr>${head.map((words, at) => html`<th key=${at} scope="col">${words}</th>`)}</tr></thead>
    <tbody>${(isWhole ? rows : rows.slice(0, few)).map(({ key, cells }) => html`<tr key=${key} data-row=${key}>${cells.map((cell, at) =>
      at === 0 ? html`<th key=${at} scope="row" dir="auto"><${Value} cell=${cell} /></th>` : html`<td key=${at}><${Value} cell=${cell} /></td>`)}</tr>`)}</tbody>
  </table></div>
  ${rows.length > few && html`<button type="button" class="button more" aria-expanded=${isWhole} onClick=${() => setWhole(!isWhole)}>
    ${isWhole ? t("stats.fewer") : t("stats.more", { count: rows.length })}</button>`}`;
}

/** @param {{cell: Cell}} props */
function Value({ cell }) {
  if (cell.text === "") return html`<span class="unknown" title=${t("stats.unknown")}>–</span>`;
  const { text, href, title } = cell;
  return href ? html`<a href=${href} title=${title}>${text}</a>` : html`<span title=${title}>${text}</span>`;
}

/** Two numbers as one cell: what is usual, and what most do not exceed.
 * @param {string} median @param {string} p95 */
export const spread = (median, p95) => (median || p95 ? html`${median || "–"} <small>/ ${p95 || "–"}</small>` : "");
