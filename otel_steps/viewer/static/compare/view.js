// Two tasks side by side: where did they part, and what did each see, think and do there?

import { html, useEffect, useLayoutEffect, useMemo, useState } from "../lib.js";
import { Icon } from "../icons.js";
import { durationText, numberText, t } from "../i18n.js";
import { Status } from "../status.js";
import { taskLink } from "../route.js";
import { Bodies } from "../task/bodies.js";
import { compareLink } from "../task/links.js";
import { KEYS, isSame, moved, positionOf } from "./pairs.js";
import { Side } from "./side.js";
import { Strips } from "./strips.js";

/** @typedef {import("./pairs.js").Pair} Pair */
/** @typedef {{task: any, index: import("../task/steps.js").Index}} Run */
/** @typedef {{a: Run, b: Run, pairs: Pair[], divergence: number | null}} Comparison */

/** @param {{source: any, query: string}} props */
export default function CompareView({ source, query }) {
  const [a, b] = ["a", "b"].map((name) => new URLSearchParams(query).get(name) ?? "");
  const [state, setState] = useState({ key: "", data: /** @type {Comparison | null} */ (null), error: "" });
  const key = JSON.stringify([a, b]);
  useEffect(() => {
    let isWanted = true;
    const done = (/** @type {Comparison | null} */ data, error = "") => isWanted && setState({ key, data, error });
    source.compare(a, b).then(done, (/** @type {any} */ error) => done(null, error.message));
    return () => {
      isWanted = false;
    };
  }, [source, key]);
  useEffect(() => {
    document.title = `${t("compare.title")} · otel-steps`;
  });
  if (state.key !== key) {
    return html`<main class="message" id="main" aria-busy="true"><p>${t("compare.loading")}</p></main>`;
  }
  if (!state.data) {
    return html`<main class="message" id="main" role="alert"><${Icon} name="compare" /><h1>${t("compare.failed")}</h1>
      <p>${state.error}</p><a class="button" href=".">${t("list.title")}</a></main>`;
  }
  return html`<${Comparison} key=${key} source=${source} data=${state.data} />`;
}

/** @param {{source: any, data: Comparison}} props */
function Comparison({ source, data }) {
  const { a, b, pairs, divergence } = data;
  const same = useMemo(() => pairs.map((pair) => isSame(a.index, b.index, pair)), [data]);
  const [at, setAt] = useState(positionOf(location.hash, divergence ?? 0, pairs.length));
  const bodies = useMemo(() => [a, b].map(({ task }) => new Bodies(source, task.task_id)), [source, data]);
  useKeys(setAt, same);
  useEffect(() => {
    const timer = setTimeout(() => history.replaceState(history.state, "", new URL(`#at=${at + 1}`, location.href)), 150);
    return () => clearTimeout(timer);
  }, [at]);
  const [i, j] = pairs[at] ?? [null, null];
  return html`<main class="task compare" id="main">
    <h1 class="sr-only">${t("compare.title")}</h1>
    <header class="compare-head">
      <${Head} letter="A" run=${a} position=${i} />
      <${Between} a=${a.task} b=${b.task} />
      <${Head} letter="B" run=${b} position=${j} />
    </header>
    <${Strips} ...${{ source, data, same, at, setAt }} />
    ${pairs.length > 0 && html`<${Bar} ...${{ data, same, at, setAt }} />`}
    <div class="compare-sides">
      <${Side} letter="A" ...${{ source, bodies: bodies[0], index: a.index, position: i, other: b.index, otherPosition: j }} />
      <${Side} letter="B" ...${{ source, bodies: bodies[1], index: b.index, position: j, other: a.index, otherPosition: i }} />
    </div>
  </main>`;
}

/** @param {{data: Comparison, same: boolean[], at: number, setAt: (at: number) => void}} props */
function Bar({ data: { pairs, divergence }, same, at, setAt }) {
  const isAlone = pairs[at].includes(null);
  const words = same[at] ? "compare.same" : isAlone ? "compare.alone" : "compare.differs";
  return html`<div class="compare-bar">
    <span role="status">${t(words)} <small>${t("compare.place", { at: at + 1, count: pairs.length })}</small></span>
    ${divergence === null
      ? html`<span class="hint">${t("compare.never")}</span>`
      : html`<button type="button" class="button" onClick=${() => setAt(divergence)}>
          <${Icon} name="flag" />${t("compare.divergence")}</button>`}
    <button type="button" class="button" onClick=${() => setAt(moved("nextDifference", at, same))}>
      ${t("compare.nextDifference")}<kbd>f</kbd></button>
  </div>`;
}

/** @param {(change: (at: number) => number) => void} setAt @param {boolean[]} same */
function useKeys(setAt, same) {
  // Before anything is painted: a key that is pressed at once counts, too.
  useLayoutEffect(() => {
    const press = (/** @type {KeyboardEvent} */ event) => {
      const move = KEYS[event.key];
      if (!move || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      setAt((at) => moved(move, at, same));
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, [same]);
}

/** @param {{letter: string, run: Run, position: number | null}} props */
function Head({ letter, run: { task, index }, position }) {
  const step = position === null ? null : index.number[position];
  return html`<section class="compare-task"><b class="letter">${letter}</b><div>
    <h2><a href=${taskLink(task.task_id, step)}>${task.task_description || task.task_id}</a></h2>
    <p><${Status} status=${task.status} /><span>${t("list.steps", { count: index.count })}</span>
      <span>${durationText(task.total_duration_ms)}</span>${task.model && html`<span>${task.model}</span>`}</p></div></section>`;
}

/** What the second took more or less than the first. @param {{a: any, b: any}} props */
function Between({ a, b }) {
  const steps = (b.total_steps ?? 0) - (a.total_steps ?? 0);
  const ms = (b.total_duration_ms ?? 0) - (a.total_duration_ms ?? 0);
  const sign = ms < 0 ? "−" : "+";
  const more = numberText(steps, { signDisplay: "exceptZero" });
  const label = t("compare.swap");
  return html`<div class="between"><a class="button" href=${compareLink(b.task_id, a.task_id)} title=${label}
      aria-label=${label}><${Icon} name="compare" /></a>
    <small>Δ ${t("compare.steps", { count: more })}<br />${sign} ${durationText(Math.abs(ms))}</small></div>`;
}
