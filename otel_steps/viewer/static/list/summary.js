// How many tasks there are and how they went: a line of figures, and a bar of the statuses.

import { html } from "../lib.js";
import { percentText, t } from "../i18n.js";
import { STATUSES } from "./query.js";

/** @typedef {import("./tasks.js").Statistics} Statistics */

/** @param {{page: import("./tasks.js").TaskPage | null, statistics: Statistics | null, isNarrowed: boolean}} props */
export function Summary({ page, statistics, isNarrowed }) {
  if (!page || !statistics) return html`<p class="summary">${"\u00a0"}</p>`;
  const counts = statistics.tasks_by_status;
  const ended = statistics.tasks - (counts.running ?? 0) - (counts.unknown ?? 0);
  const facts = [
    isNarrowed
      ? t("list.found", { count: page.pagination.total, total: statistics.tasks })
      : t("list.count", { count: statistics.tasks }),
    ended > 0 && t("list.success", { share: percentText((counts.completed ?? 0) / ended) }),
    t("list.steps", { count: statistics.steps }),
    t("list.screenshots", { count: statistics.screenshots }),
  ];
  return html`<p class="summary" role="status">
    <span class="status-bar" aria-hidden="true">${STATUSES.filter((name) => counts[name]).map((name) =>
      html`<i key=${name} class=${`status-${name}`} style=${{ flexGrow: counts[name] }}></i>`)}</span>
    ${facts.filter(Boolean).map((fact) => html`<span key=${fact}>${fact}</span>`)}</p>`;
}
