// How many tasks are found and how they went: a line of figures, and a bar of the statuses.

import { html } from "../lib.js";
import { percentText, t } from "../i18n.js";
import { STATUSES, isNarrowed, statsLink } from "./query.js";

/** @typedef {import("./tasks.js").ByStatus} ByStatus */
/** @typedef {import("./tasks.js").Statistics} Statistics */

/** @param {{page: import("./tasks.js").TaskPage | null, statistics: Statistics | null, query: import("./query.js").Query}} props */
export function Summary({ page, statistics, query }) {
  if (!page || !statistics) return html`<p class="summary">${"\u00a0"}</p>`;
  const { tasks, steps, share, shown } = summed(page.by_status, query.status);
  const facts = [
    isNarrowed(query) ? t("list.found", { count: tasks, total: statistics.tasks }) : t("list.count", { count: tasks }),
    share !== null && t("list.success", { share: percentText(share) }),
    t("list.steps", { count: steps }),
    // Of those that are found nobody counts them.
    !isNarrowed(query) && statistics.screenshots !== null && t("list.screenshots", { count: statistics.screenshots }),
    page.unseen > 0 && t("list.unseen", { count: page.unseen }),
  ];
  return html`<p class="summary" role="status">
    <span class="status-bar" aria-hidden="true">${STATUSES.filter((name) => shown[name]).map((name) =>
      html`<i key=${name} class=${`status-${name}`} style=${{ flexGrow: shown[name].tasks }}></i>`)}</span>
    ${facts.filter(Boolean).map((fact) => html`<span key=${fact}>${fact}</span>`)}
    <a class="button" href=${statsLink(query)}>${t("list.stats")}</a></p>`;
}

/**
 * What the statuses that are asked for add up to. Pure.
 * @param {ByStatus} counts @param {string[]} statuses None asks for all.
 * @returns {{tasks: number, steps: number, share: number | null, shown: ByStatus}} `share` of those that have ended was
 *   a success; null where none has, or where a status is asked for: its share of itself says nothing.
 */
export function summed(counts, statuses) {
  const shown = Object.fromEntries(
    Object.entries(counts).filter(([name]) => statuses.length === 0 || statuses.includes(name)),
  );
  const sum = (/** @type {"tasks" | "steps"} */ what) => Object.values(shown).reduce((all, each) => all + each[what], 0);
  const tasks = sum("tasks");
  const ended = tasks - (shown.running?.tasks ?? 0) - (shown.unknown?.tasks ?? 0);
  const share = ended > 0 && statuses.length === 0 ? (shown.completed?.tasks ?? 0) / ended : null;
  return { tasks, steps: sum("steps"), share, shown };
}
