// Tasks by what they have in common: each group with how it ended, its steps, time, tokens and cost.

import { html } from "../lib.js";
import { durationText, numberText, percentText, t } from "../i18n.js";
import { costHint, costText } from "../usage.js";
import { Part } from "./answers.js";
import { Legend } from "./daybars.js";
import { shareOf } from "./days.js";
import { GROUPINGS, NOT_DONE, among, listLink, partOf } from "./query.js";
import { Table, spread } from "./table.js";

/** @typedef {import("../list/query.js").Query} Query */
/** @typedef {import("./totals.js").Figures} Figures */
/** @typedef {import("./totals.js").GroupUsage} GroupUsage */
/** @typedef {import("./query.js").Grouping} Grouping */

const FEW = 12;

/**
 * @param {object} props
 * @param {Query} props.query @param {Grouping} props.by @param {(by: Grouping) => void} props.choose
 * @param {import("./answers.js").Answer<{by: Grouping, groups: Figures[]}>} props.answer
 * @param {import("./answers.js").Answer<{by: Grouping, groups: GroupUsage[]}>} props.used
 * @param {string} props.filters What the server is asked.
 */
export function Groups({ query, by, choose, answer, used, filters }) {
  const groups = answer.data?.groups ?? [];
  // What is still there of another grouping has other names.
  const shownBy = answer.data?.by ?? by;
  const usage = new Map((used.data?.by === shownBy ? used.data.groups : []).map((row) => [row.group, row]));
  const most = Math.max(1, ...groups.map(({ tasks }) => tasks));
  const address = (/** @type {string} */ form) => `api/statistics/tasks${form}?${new URLSearchParams([...new URLSearchParams(filters), ["by", by]])}`;
  const tools = html`<span class="files"><a class="button" href=${address(".csv")} download>CSV</a>
    <a class="button" href=${address("")} target="_blank">JSON</a></span>`;
  const median = (/** @type {string} */ name) => html`${name} <small>${t("stats.spread")}</small>`;
  return html`<${Part} id="groups" title=${t("stats.groups")} answer=${answer} tools=${tools}>
    <div class="choices" role="group" aria-label=${t("stats.groups")}>${GROUPINGS.map((name) => html`<button type="button" key=${name} class="chip"
      aria-pressed=${name === by} data-by=${name} onClick=${() => choose(name)}>${t(`stats.group.${name}`)}</button>`)}<${Legend} /></div>
    <${Table} key=${shownBy} label=${t(`stats.group.${shownBy}`)} few=${FEW}
      head=${[t(`stats.group.${shownBy}`), t("stats.tasks"), t("stats.share"), t("stats.success"), t("stats.failed"),
        median(t("stats.steps")), median(t("stats.time")), median(t("stats.tokens")), t("stats.cost")]}
      rows=${groups.map((row) => ({ key: row.group ?? "", cells: cellsOf(row, { query, by: shownBy, used: usage.get(row.group), most }) }))} />
  </${Part}>`;
}

/**
 * @param {Figures} row
 * @param {{query: Query, by: Grouping, used: GroupUsage | undefined, most: number}} what
 * @returns {import("./table.js").Cell[]}
 */
function cellsOf(row, { query, by, used, most }) {
  const part = partOf(query, by, row.group);
  const link = (/** @type {Partial<Query>} */ more = {}) => part && listLink(query, { ...part, ...more });
  const some = (/** @type {string[]} */ statuses) => {
    const status = among(query, statuses);
    return status && link({ status });
  };
  const count = (/** @type {number | null | undefined} */ value) => (value == null ? "" : numberText(value, { maximumFractionDigits: 0 }));
  return [
    { text: row.group ?? html`<i>${t("stats.none.of")}</i>`, href: link(), title: row.group ?? "" },
    { text: numberText(row.tasks), href: link() },
    { text: html`<${Shares} row=${row} most=${most} />` },
    { text: row.success_rate === null ? "" : percentText(row.success_rate), href: some(["completed"]) },
    { text: numberText(row.ended - row.completed), href: some(NOT_DONE) },
    { text: spread(count(row.steps_median), count(row.steps_p95)), href: link({ sort: "total_steps" }) },
    { text: spread(durationText(row.duration_ms_median), durationText(row.duration_ms_p95)), href: link({ sort: "total_duration_ms" }) },
    { text: spread(count(used?.tokens_median), count(used?.tokens_p95)), href: link() },
    { text: used?.usage ? costText(used.usage) : "", href: link(), title: used?.usage ? costHint(used.usage) : "" },
  ];
}

/** The numbers beside it, as a bar. @param {{row: Figures, most: number}} props */
function Shares({ row, most }) {
  const counts = { done: 0, failed: 0, open: 0 };
  for (const [status, tasks] of Object.entries(row.by_status)) counts[shareOf(status)] += tasks;
  let x = 0;
  return html`<svg class="share-bar" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">
    ${Object.entries(counts).map(([name, tasks]) => {
      const width = (tasks / most) * 100;
      x += width;
      return width > 0 && html`<rect key=${name} class=${`share-${name}`} x=${x - width} y="0" width=${width} height="10" />`;
    })}</svg>`;
}
