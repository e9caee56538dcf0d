// The four figures that a person looks for: how many tasks, how many succeeded, how long they took, the cost.

import { html } from "../lib.js";
import { durationText, numberText, percentText, t } from "../i18n.js";
import { costHint, costText, tokensText } from "../usage.js";
import { among, listLink } from "./query.js";

/** @typedef {import("../list/query.js").Query} Query */
/**
 * @typedef {object} Figures A group of `GET /api/statistics/tasks`.
 * @property {string | null} group
 * @property {number} tasks
 * @property {Record<string, number>} by_status
 * @property {number} ended
 * @property {number} completed
 * @property {number | null} success_rate
 * @property {number} steps
 * @property {number} failed_steps
 * @property {number | null} steps_median
 * @property {number | null} steps_p95
 * @property {number | null} duration_ms_median
 * @property {number | null} duration_ms_p95
 */
/** @typedef {{group: string | null, tokens_median: number | null, tokens_p95: number | null, usage: import("../usage.js").Usage | null}} GroupUsage */

/** @param {{query: Query, total: Figures, used: GroupUsage | null | undefined}} props `used` is undefined until it is known. */
export function Totals({ query, total, used }) {
  const done = among(query, ["completed"]);
  const usage = used?.usage;
  return html`<dl class="totals">
    <${Fact} id="tasks" name=${t("stats.tasks")} href=${listLink(query)} value=${numberText(total.tasks)}
      more=${t("stats.steps.all", { count: total.steps })} />
    <${Fact} id="success" name=${t("stats.success")} href=${done && listLink(query, { status: done })}
      value=${total.success_rate === null ? "–" : percentText(total.success_rate)}
      more=${t("stats.success.of", { completed: total.completed, ended: total.ended })} />
    <${Fact} id="time" name=${t("stats.time.median")} href=${listLink(query, { sort: "total_duration_ms" })}
      value=${durationText(total.duration_ms_median) || "–"} more=${t("stats.p95.of", { value: durationText(total.duration_ms_p95) || "–" })} />
    <${Fact} id="cost" name=${t("stats.cost")} value=${used === undefined ? "…" : usage ? costText(usage) : "–"} title=${usage ? costHint(usage) : ""}
      href=${usage ? listLink(query) : null} more=${usage ? tokensText(usage) : used === undefined ? "" : t("stats.cost.none")} />
  </dl>`;
}

/** @param {{id: string, name: string, value: string, more: string, href?: string | null, title?: string}} props */
const Fact = ({ id, name, value, more, href, title }) => html`<div data-total=${id}><dt>${name}</dt>
  <dd title=${title}>${href ? html`<a href=${href}>${value}</a>` : value}<small>${more}</small></dd></div>`;
