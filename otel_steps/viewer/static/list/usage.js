// What all tasks have used of their models, by day and by model; counted only for whoever opens it.

import { html, useEffect, useState } from "../lib.js";
import { errorText, numberText, t } from "../i18n.js";
import { costHint, costText } from "../usage.js";

/** @typedef {import("../usage.js").Usage} Usage */
/** @typedef {{total: Usage | null, by_day: (Usage & {day: string})[], by_model: (Usage & {model: string | null})[]}} Overall */

/** @param {{source: any, version: string | undefined}} props */
export function OverallUsage({ source, version }) {
  const [isOpen, setOpen] = useState(false);
  return html`<details class="usage" onToggle=${(/** @type {any} */ event) => setOpen(event.currentTarget.open)}>
    <summary>${t("usage.title")}</summary>
    ${isOpen && html`<${Tables} source=${source} version=${version} />`}
  </details>`;
}

/** @param {{source: any, version: string | undefined}} props */
function Tables({ source, version }) {
  const [{ usage, error }, setState] = useState({ usage: /** @type {Overall | null} */ (null), error: "" });
  useEffect(() => {
    let isWanted = true;
    source.usage().then(
      (/** @type {Overall} */ found) => isWanted && setState({ usage: found, error: "" }),
      (/** @type {any} */ reason) => isWanted && setState((old) => ({ ...old, error: errorText(reason) })),
    );
    return () => {
      isWanted = false;
    };
  }, [source, version]);
  if (error) return html`<p class="error" role="alert">${t("usage.failed", { error })}</p>`;
  if (!usage) return html`<p aria-busy="true">${t("usage.loading")}</p>`;
  if (!usage.total) return html`<p>${t("usage.none")}</p>`;
  const days = usage.by_day.map((row) => ({ name: row.day, ...row })).reverse();
  const models = usage.by_model.map((row) => ({ name: row.model ?? t("usage.unnamed"), ...row }));
  return html`<div class="usage-tables">
    <${Table} head=${t("usage.day")} rows=${days} total=${usage.total} />
    <${Table} head=${t("usage.model")} rows=${models} total=${usage.total} />
  </div><p>${t("usage.prices", { date: usage.total.prices_date })}</p>`;
}

/** @param {{head: string, rows: (Usage & {name: string})[], total: Usage}} props */
function Table({ head, rows, total }) {
  const columns = ["steps", "input", "cached", "output", "cost"].map((name) => t(`usage.${name}`));
  return html`<table><thead><tr><th scope="col">${head}</th>${columns.map((name) => html`<th scope="col">${name}</th>`)}</tr></thead>
    <tbody>${rows.map((row) => html`<${Line} key=${row.name} ...${{ name: row.name, row }} />`)}</tbody>
    <tfoot><${Line} name=${t("usage.all")} row=${total} /></tfoot></table>`;
}

/** @param {{name: string, row: Usage}} props */
function Line({ name, row }) {
  const counts = [row.steps, row.input_tokens, row.cached_tokens, row.output_tokens];
  return html`<tr><th scope="row">${name}</th>${counts.map((count) => html`<td>${count === null ? "–" : numberText(count)}</td>`)}
    <td title=${costHint(row)}>${costText(row)}</td></tr>`;
}
