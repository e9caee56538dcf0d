// Both runs in a line each, and what the second took more or less than the first.

import { html } from "../lib.js";
import { Icon } from "../icons.js";
import { durationText, numberText, t } from "../i18n.js";
import { Status } from "../status.js";
import { taskLink } from "../route.js";
import { compareLink, runsLink } from "../task/links.js";
import { amountText, costHint, costText, inAndOut, tokensText } from "../usage.js";

/** @typedef {import("./view.js").Comparison} Comparison */
/** @typedef {import("./view.js").Run} Run */
/** @typedef {import("./pairs.js").Pair} Pair */
/** @typedef {import("./pairs.js").Pin} Pin */

/** @param {{data: Comparison, seen: Pair, pins: Pin[]}} props */
export function Head({ data: { a, b }, seen: [i, j], pins }) {
  const isOneTask = a.task.task_description && a.task.task_description === b.task.task_description;
  return html`<header class="compare-head">
    <${Run} letter="A" run=${a} position=${i} />
    <${Between} ...${{ a, b, pins }} />
    <${Run} letter="B" run=${b} position=${j} />
    ${isOneTask && html`<a class="button all-runs" href=${runsLink(a.task.task_id)}><${Icon} name="strip" />${t("compare.runs.link")}</a>`}
  </header>`;
}

/** @param {{letter: string, run: Run, position: number | null}} props */
function Run({ letter, run: { task, index, usage }, position }) {
  const step = position === null ? null : index.number[position];
  return html`<section class="compare-task"><b class="letter" data-letter=${letter}>${letter}</b><div>
    <h2 dir="auto"><a href=${taskLink(task.task_id, step)}>${task.task_description || task.task_id}</a></h2>
    <p><${Status} status=${task.status} /><span>${t("compare.steps", { count: index.count })}</span>
      <span>${durationText(task.total_duration_ms)}</span>
      ${usage && html`<span title=${inAndOut(usage)}>${tokensText(usage)}</span><span title=${costHint(usage)}>${costText(usage)}</span>`}
      ${task.model && html`<span>${task.model}</span>`}</p></div></section>`;
}

/** @param {{a: Run, b: Run, pins: Pin[]}} props */
function Between({ a, b, pins }) {
  const label = t("compare.swap");
  const swapped = pins.map(([one, other]) => /** @type {Pin} */ ([other, one]));
  return html`<div class="between"><a class="button" href=${compareLink(b.task.task_id, a.task.task_id, swapped)} title=${label}
      aria-label=${label}><${Icon} name="compare" /></a>
    <small><b aria-hidden="true">Δ</b> <span class="sr-only">${t("compare.delta")}</span>
      ${differencesOf(a, b).map((text) => html`<span>${text}</span>`)}</small></div>`;
}

/** @param {Run} a @param {Run} b */
function differencesOf(a, b) {
  const more = b.index.count - a.index.count;
  const steps = t(Math.abs(more) === 1 ? "compare.steps.one" : "compare.steps", { count: numberText(more, SIGNED) });
  const ms = (b.task.total_duration_ms ?? 0) - (a.task.total_duration_ms ?? 0);
  return [steps, signed(ms, durationText(Math.abs(ms))), tokensBetween(a.usage, b.usage), costBetween(a.usage, b.usage)].filter(Boolean);
}

const SIGNED = /** @type {const} */ ({ signDisplay: "exceptZero" });

/** @param {number} value @param {string} text Of the value without its sign. */
const signed = (value, text) => `${value < 0 ? "−" : "+"}${text}`;

/** @param {import("../usage.js").Usage | null} a @param {import("../usage.js").Usage | null} b */
function tokensBetween(a, b) {
  if (!a || !b) return "";
  const [one, other] = [a, b].map(({ input_tokens, output_tokens }) => (input_tokens ?? 0) + (output_tokens ?? 0));
  return t("usage.tokens", { tokens: numberText(other - one, { ...SIGNED, notation: "compact", maximumFractionDigits: 1 }) });
}

/** Only where both are known in whole, in one currency. @param {import("../usage.js").Usage | null} a
 * @param {import("../usage.js").Usage | null} b */
function costBetween(a, b) {
  const [one, other] = [a, b].map((usage) => (usage?.cost?.length === 1 && usage.unpriced.length === 0 ? usage.cost[0] : null));
  if (!one || !other || one.currency !== other.currency) return "";
  const amount = other.amount - one.amount;
  return signed(amount, amountText({ currency: one.currency, amount: Math.abs(amount) }));
}
