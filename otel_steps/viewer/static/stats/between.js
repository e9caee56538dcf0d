// Two groups side by side, and whether the one does better than chance would have it.

import { html } from "../lib.js";
import { durationText, language, numberText, percentText, t } from "../i18n.js";
import { costText } from "../usage.js";
import { Part, useAnswer } from "./answers.js";
import { listLink, partOf } from "./query.js";
import { Table } from "./table.js";

/** @typedef {import("../list/query.js").Query} Query */
/** @typedef {import("./totals.js").Figures} Figures */
/** @typedef {import("./totals.js").GroupUsage} GroupUsage */
/** @typedef {import("./query.js").Grouping} Grouping */

/**
 * @param {object} props
 * @param {any} props.source @param {Query} props.query @param {Grouping} props.by @param {string} props.filters
 * @param {string} props.one @param {string} props.other @param {(part: {one?: string, other?: string}) => void} props.choose
 * @param {Figures[]} props.groups @param {GroupUsage[]} props.used
 */
export function Between({ source, query, by, filters, one, other, choose, groups, used }) {
  const names = /** @type {string[]} */ (groups.map(({ group }) => group).filter((name) => name !== null));
  const [a, b] = pairOf(names, one, other);
  const asked = new URLSearchParams([...new URLSearchParams(filters), ["by", by], ["one", a], ["other", b]]);
  const answer = useAnswer(source, b ? `api/statistics/between?${asked}` : "");
  if (names.length < 2) return null;
  const data = /** @type {{one: Figures, other: Figures, p_value: number | null, sentence: Record<string, string>} | null} */ (answer.data);
  // Who chooses the group of the other side has the two change places.
  const chosen = (/** @type {"one" | "other"} */ side, /** @type {string} */ value) =>
    choose(side === "one" ? { one: value, other: value === b ? a : b } : { one: value === a ? b : a, other: value });
  const menu = (/** @type {"one" | "other"} */ side, /** @type {string} */ value) => html`<label><b class="letter">${side === "one" ? "A" : "B"}</b>
    <span class="sr-only">${t(`stats.group.${by}`)}</span><select data-side=${side} onChange=${(/** @type {any} */ event) => chosen(side, event.target.value)}>
    ${names.map((name) => html`<option key=${name} value=${name} selected=${name === value}>${name}</option>`)}</select></label>`;
  return html`<${Part} id="between" title=${t("stats.between")} answer=${answer}
    tools=${html`<span class="pair">${menu("one", a)} ${menu("other", b)}</span>`}>
    ${data && html`<${Two} ...${{ query, by, pair: [data.one, data.other], used }} />
      <p class="verdict" role="status" data-verdict=${data.p_value}>${data.sentence[language()]}</p>`}
  </${Part}>`;
}

/** Those that were chosen, or else the largest. @param {string[]} names @param {string} one @param {string} other */
export function pairOf(names, one, other) {
  const a = names.includes(one) ? one : (names.find((name) => name !== other) ?? "");
  const b = names.includes(other) && other !== a ? other : (names.find((name) => name !== a) ?? "");
  return [a, b];
}

/** @param {{query: Query, by: Grouping, pair: Figures[], used: GroupUsage[]}} props */
function Two({ query, by, pair, used }) {
  const spent = pair.map(({ group }) => used.find((row) => row.group === group));
  const link = (/** @type {number} */ side, /** @type {Partial<Query>} */ more = {}) => {
    const part = partOf(query, by, pair[side].group);
    return part && listLink(query, { ...part, ...more });
  };
  /** @type {(name: string, text: (side: number) => string, more?: Partial<Query>) => any} */
  const row = (name, text, more) => ({
    key: name,
    cells: [{ text: t(name) }, ...[0, 1].map((side) => ({ text: text(side), href: link(side, more) }))],
  });
  const number = (/** @type {number | null | undefined} */ value) => (value == null ? "" : numberText(value));
  const rows = [
    row("stats.tasks", (side) => numberText(pair[side].tasks)),
    row("stats.success", (side) => (pair[side].success_rate === null ? "" : percentText(/** @type {number} */ (pair[side].success_rate))), { status: ["completed"] }),
    row("stats.steps.median", (side) => number(pair[side].steps_median), { sort: "total_steps" }),
    row("stats.steps.p95", (side) => number(pair[side].steps_p95), { sort: "total_steps" }),
    row("stats.time.median", (side) => durationText(pair[side].duration_ms_median), { sort: "total_duration_ms" }),
    row("stats.time.p95", (side) => durationText(pair[side].duration_ms_p95), { sort: "total_duration_ms" }),
    row("stats.tokens.median", (side) => number(spent[side]?.tokens_median)),
    row("stats.cost", (side) => (spent[side]?.usage ? costText(/** @type {any} */ (spent[side]?.usage)) : "")),
  ];
  const head = ["", ...pair.map(({ group }, side) => html`<b class="letter">${"AB"[side]}</b> ${group}`)];
  head[0] = html`<span class="sr-only">${t("stats.figure")}</span>`;
  return html`<${Table} label=${t("stats.between")} head=${head} rows=${rows} />`;
}
