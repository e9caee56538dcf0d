// All runs of what a task was asked: how each ended, what it took, and where it parted from the task.

import { html, useEffect, useState } from "../lib.js";
import { Icon } from "../icons.js";
import { agoText, durationText, language, t, timeText } from "../i18n.js";
import { Status } from "../status.js";
import { taskLink } from "../route.js";
import { actionWord } from "../task/naming.js";
import { compareLink, reportLink } from "../task/links.js";
import { costHint, costText, inAndOut, tokensText } from "../usage.js";
import { Windowed } from "../window.js";
import { Thumb } from "./strips.js";

/**
 * @typedef {object} Row
 * @property {any} task
 * @property {import("../task/steps.js").Index} strip Its first steps.
 * @property {number} count Of all its steps.
 * @property {{pair: import("./pairs.js").Pair, numbers: [number | null, number | null]} | null} parted
 */

const WIDTH = 40;
// As many as a report takes.
const REPORTED = 50;

/** @param {{source: any, taskId: string, go: import("./view.js").Go}} props */
export default function Runs({ source, taskId, go }) {
  const [state, setState] = useState({ runs: /** @type {Row[] | null} */ (null), isWhole: true, error: "" });
  useEffect(() => {
    let isWanted = true;
    source.runs(taskId).then(
      (/** @type {any} */ { runs, is_whole: isWhole }) => isWanted && setState({ runs, isWhole, error: "" }),
      (/** @type {any} */ error) => isWanted && setState({ runs: null, isWhole: true, error: error.message }),
    );
    return () => {
      isWanted = false;
    };
  }, [source, taskId]);
  useEffect(() => {
    document.title = `${t("compare.runs")} · otel-steps`;
  });
  if (state.error) {
    return html`<main class="message" id="main" role="alert"><${Icon} name="compare" /><h1>${t("compare.failed")}</h1>
      <p>${state.error}</p><a class="button" href=".">${t("compare.tasks")}</a></main>`;
  }
  if (!state.runs) return html`<main class="message" id="main" aria-busy="true"><p>${t("compare.loading")}</p></main>`;
  const [own, ...others] = state.runs;
  return html`<main class="task compare runs" id="main">
    <header class="runs-head"><h1 dir="auto">${own.task.task_description || taskId}</h1>
      <p>${t("compare.runs")} · ${t("compare.runs.count", { count: state.runs.length })} ${countsOf(state.runs).map(([status, count]) =>
        html`<span key=${status}><${Status} status=${status} /> ${count}</span>`)}</p>
      <a class="button" href=${reportLink(state.runs.slice(0, REPORTED).map(({ task }) => task.task_id), language())}><${Icon} name="note" />${t("compare.runs.report")}</a>
      ${others.length === 0 && html`<p class="hint">${t("compare.runs.alone")}</p>`}
      ${!state.isWhole && html`<p class="hint">${t("compare.runs.cut")}</p>`}</header>
    <div class="runs-table" role="table" aria-label=${t("compare.runs")}>
      <div role="row" class="runs-names">${["outcome", "steps.name", "duration", "tokens", "strip", "parted"].map((name) =>
        html`<span role="columnheader">${t(`compare.${name}`)}</span>`)}</div>
      ${state.runs.map((row) => html`<${RunRow} key=${row.task.task_id} ...${{ source, row, own, go }} />`)}
    </div>
  </main>`;
}

/** @param {Row[]} runs @returns {[string, number][]} */
function countsOf(runs) {
  /** @type {Record<string, number>} */
  const counts = {};
  for (const { task } of runs) counts[task.status ?? "unknown"] = (counts[task.status ?? "unknown"] ?? 0) + 1;
  return Object.entries(counts).sort(([, one], [, other]) => other - one);
}

/** @param {{source: any, row: Row, own: Row, go: import("./view.js").Go}} props */
function RunRow({ source, row, own, go }) {
  const { task, count } = row;
  const isOwn = row === own;
  return html`<div role="row" class=${isOwn ? "run is-own" : "run"} data-run=${task.task_id}>
    <div role="cell"><a href=${taskLink(task.task_id)}><${Status} status=${task.status} /></a>
      ${task.created_at && html`<time datetime=${task.created_at} title=${timeText(task.created_at)}>${agoText(task.created_at)}</time>`}
      <small>${[task.model, task.device_id].filter(Boolean).join(" · ")}</small></div>
    <div role="cell" class="run-number">${t("compare.steps", { count })}</div>
    <div role="cell" class="run-number">${durationText(task.total_duration_ms)}</div>
    <div role="cell" class="run-number">${task.usage && html`<span title=${inAndOut(task.usage)}>${tokensText(task.usage)}</span>
      <span title=${costHint(task.usage)}>${costText(task.usage)}</span>`}</div>
    <div role="cell" class="run-strip"><${Strip} ...${{ source, row, own, go }} /></div>
    <div role="cell" class="run-parted">${isOwn ? html`<b>${t("compare.runs.own")}</b>` : html`<${Parted} row=${row} own=${own} />`}</div>
  </div>`;
}

/** @param {{row: Row, own: Row}} props */
function Parted({ row, own }) {
  const href = compareLink(own.task.task_id, row.task.task_id);
  const [, j] = row.parted?.pair ?? [];
  const number = row.parted?.numbers[1];
  return html`<span>${row.parted
      ? number == null ? t("compare.parted.end", { number: row.parted.numbers[0] }) : t("compare.parted.at", { number })
      : t("compare.never")}</span>
    ${j != null && j < row.strip.count && html`<small>${actionWord(row.strip, j)}</small>`}
    <a class="button" href=${href}><${Icon} name="compare" />${t("compare.compare")}</a>`;
}

/** @param {{source: any, row: Row, own: Row, go: import("./view.js").Go}} props */
function Strip({ source, row, own, go }) {
  const { task, strip, parted, count } = row;
  const at = parted?.pair[1] ?? -1;
  const link = (/** @type {number} */ number) =>
    row === own ? taskLink(task.task_id, number) : `${compareLink(own.task.task_id, task.task_id)}#b=${number}`;
  const step = (/** @type {number} */ position, /** @type {string} */ id) => html`<div id=${id} role="option" aria-selected=${position === at}
    class=${position === at ? "run-step is-divergence" : "run-step"} onClick=${() => go(link(strip.number[position]))}>
    <span class="sr-only">${strip.number[position]} ${actionWord(strip, position)}</span>
    <${Thumb} ...${{ source, index: strip, position }} /></div>`;
  return html`<${Windowed} isRow count=${strip.count} size=${WIDTH} active=${at} name=${`run-${task.task_id}`}
      label=${t("compare.strip")} item=${step} />
    ${count > strip.count && html`<small class="hint">${t("compare.runs.more", { count: count - strip.count })}</small>`}`;
}
