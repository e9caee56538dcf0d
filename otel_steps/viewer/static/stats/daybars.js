// How tasks ended, day by day: bars that lead to the tasks of their day, and the same as a table.

import { html } from "../lib.js";
import { language, numberText, percentText, t } from "../i18n.js";
import { dayBefore } from "../list/query.js";
import { barsOf, periodOf, topOf } from "./days.js";
import { among, listLink, NOT_DONE } from "./query.js";
import { Part } from "./answers.js";
import { Table } from "./table.js";

/** @typedef {import("./days.js").Bar} Bar */
/** @typedef {import("../list/query.js").Query} Query */

/** From the ground up. @type {["done", "failed", "open"]} */
const SHARES = ["done", "failed", "open"];

/** @param {{query: Query, answer: import("./answers.js").Answer<{groups: import("./days.js").Day[]}>, now: number}} props */
export function DayBars({ query, answer, now }) {
  const { unit, bars } = barsOf(answer.data?.groups ?? [], query, now);
  const top = topOf(bars);
  const shown = { query, now, unit };
  return html`<${Part} id="days" title=${t(`stats.by.${unit}`)} answer=${answer} hint=${t("stats.utc")} tools=${html`<${Legend} />`}>
    <div class="chart">
      <span class="chart-top" aria-hidden="true">${numberText(top)}</span>
      <ol class="bars">${bars.map((bar, at) => html`<${Column} key=${bar.first} ...${{ ...shown, bar, top, name: at / Math.ceil(bars.length / 8) }} />`)}</ol>
    </div>
    <details class="as-table"><summary>${t("stats.asTable")}</summary><${DayTable} ...${{ ...shown, bars }} /></details>
  </${Part}>`;
}

/** What the colours mean. */
export const Legend = () => html`<ul class="legend" aria-hidden="true">${SHARES.map((name) =>
  html`<li key=${name}><i class=${`share-${name}`}></i>${t(`stats.${name}`)}</li>`)}</ul>`;

/** @param {Bar} bar @param {import("./days.js").Unit} unit */
function dayText({ first, end }, unit) {
  const options = /** @type {Intl.DateTimeFormatOptions} */ (
    unit === "year" ? { year: "numeric", timeZone: "UTC" } : unit === "month" ? { year: "numeric", month: "short", timeZone: "UTC" } : { month: "short", day: "numeric", timeZone: "UTC" });
  const text = (/** @type {string} */ day) => new Intl.DateTimeFormat(language() === "zh" ? "zh-CN" : "en", options).format(new Date(day));
  return unit === "week" ? `${text(first)} – ${text(dayBefore(end))}` : text(first);
}

/** @param {{bar: Bar, unit: import("./days.js").Unit, query: Query, now: number, top: number, name: number}} props
 *   The name of every second one that has a whole number as `name` gives way where there is little room. */
function Column({ bar, unit, query, now, top, name }) {
  const tasks = bar.done + bar.failed + bar.open;
  const words = `${dayText(bar, unit)}: ${SHARES.map((which) => `${t(`stats.${which}`)} ${numberText(bar[which])}`).join(", ")}`;
  let below = 0;
  const share = (/** @type {"done" | "failed" | "open"} */ which) => {
    const height = (bar[which] / top) * 100;
    below += height;
    return height > 0 && html`<rect key=${which} class=${`share-${which}`} x="0" width="10" y=${100 - below} height=${height} />`;
  };
  const picture = html`<svg viewBox="0 0 10 100" preserveAspectRatio="none" aria-hidden="true">${SHARES.map(share)}</svg>`;
  return html`<li class=${name % 2 === 1 ? "is-between" : ""}>${tasks > 0
    ? html`<a href=${listLink(query, periodOf(bar, query, now))} title=${words} aria-label=${words} data-day=${bar.first}>${picture}</a>`
    : html`<span class="no-tasks" title=${words}></span>`}
    ${Number.isInteger(name) && html`<small aria-hidden="true">${dayText({ ...bar, end: bar.first }, unit === "week" ? "day" : unit)}</small>`}</li>`;
}

/** @param {{bars: Bar[], unit: import("./days.js").Unit, query: Query, now: number}} props */
function DayTable({ bars, unit, query, now }) {
  const link = (/** @type {Bar} */ bar, /** @type {string[]} */ statuses) => {
    const status = among(query, statuses);
    return status && listLink(query, { ...periodOf(bar, query, now), status });
  };
  const rows = [...bars].reverse().filter(({ done, failed, open }) => done + failed + open > 0).map((bar) => ({
    key: bar.first,
    cells: [
      { text: dayText(bar, unit), href: listLink(query, periodOf(bar, query, now)) },
      { text: numberText(bar.done), href: link(bar, ["completed"]) },
      { text: numberText(bar.failed), href: link(bar, NOT_DONE) },
      { text: numberText(bar.open) },
      { text: bar.done + bar.failed > 0 ? percentText(bar.done / (bar.done + bar.failed)) : "" },
    ],
  }));
  const head = [t(`stats.unit.${unit}`), ...SHARES.map((name) => t(`stats.${name}`)), t("stats.success")];
  return html`<${Table} label=${t(`stats.by.${unit}`)} head=${head} rows=${rows} />`;
}
