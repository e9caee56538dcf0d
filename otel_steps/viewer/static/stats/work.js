// What the agent did, how often it failed, and where the time went.

import { html } from "../lib.js";
import { durationText, numberText, percentText, t } from "../i18n.js";
import { Part } from "./answers.js";
import { listLink } from "./query.js";
import { Table, spread } from "./table.js";

/** @typedef {import("../list/query.js").Query} Query */
/** @typedef {{action: string, steps: number, successful_steps: number, failed_steps: number, failure_rate: number | null, duration_ms_median: number | null, duration_ms_p95: number | null}} Action */
/** @typedef {{parts: {part: string, ms: number}[], steps: number, timed: number, tasks: number, total: number}} Times */

const FEW = 11;

/** @param {{query: Query, answer: import("./answers.js").Answer<{actions: Action[]}>}} props */
export function Actions({ query, answer }) {
  const actions = answer.data?.actions ?? [];
  const rows = actions.map((row) => {
    // The list finds a word wherever it stands; with another word in it already it cannot be asked for both.
    const href = query.q ? null : listLink(query, { q: row.action });
    return {
      key: row.action,
      cells: [
        { text: row.action, href },
        { text: numberText(row.steps), href },
        { text: row.failure_rate === null ? "" : percentText(row.failure_rate), href },
        { text: numberText(row.failed_steps), href },
        { text: spread(durationText(row.duration_ms_median), durationText(row.duration_ms_p95)), href },
      ],
    };
  });
  const head = [t("stats.action"), t("stats.steps"), t("stats.failed.share"), t("stats.failed.count"), html`${t("stats.time")} <small>${t("stats.spread")}</small>`];
  return html`<${Part} id="actions" title=${t("stats.actions")} answer=${answer}>
    ${rows.length > 0 ? html`<${Table} label=${t("stats.actions")} few=${FEW} head=${head} rows=${rows} />` : html`<p class="hint">${t("stats.actions.none")}</p>`}
  </${Part}>`;
}

/** @param {{query: Query, answer: import("./answers.js").Answer<Times>}} props */
export function WhereTimeGoes({ query, answer }) {
  const data = answer.data;
  const parts = (data?.parts ?? []).filter(({ ms }) => ms > 0);
  const whole = parts.reduce((sum, { ms }) => sum + ms, 0);
  let x = 0;
  return html`<${Part} id="time" title=${t("stats.where")} answer=${answer} hint=${data && t("stats.newest", { count: data.tasks, total: data.total })}>
    ${whole === 0 ? html`<p class="hint">${t("stats.where.none")}</p>` : html`<svg class="time-bar" viewBox="0 0 1000 10" preserveAspectRatio="none" aria-hidden="true">
      ${parts.map(({ part, ms }) => {
        const width = (ms / whole) * 1000;
        x += width;
        return html`<rect key=${part} class=${`time-${part}`} x=${x - width} y="0" width=${width} height="10" />`;
      })}</svg>
    <ul class="times">${parts.map(({ part, ms }) => html`<li key=${part} data-time=${part}><i class=${`time-${part}`}></i>${t(`stats.time.${part}`)}
      <b>${percentText(ms / whole)}</b> <small>${durationText(ms)}</small></li>`)}</ul>
    <p class="hint"><a href=${listLink(query, { sort: "total_duration_ms" })}>${t("stats.slowest")}</a>${data && data.timed < data.steps ? ` · ${t("stats.timed", { timed: data.timed, count: data.steps })}` : ""}</p>`}
  </${Part}>`;
}
