// Where a step's time went: its parts as one bar, then the spans below it.

import { html, useEffect, useState } from "../lib.js";
import { t } from "../i18n.js";
import { styled } from "../styled.js";
import { JsonTree } from "./jsontree.js";
import { lasted } from "./naming.js";
import { momentOf, partsOf, rowsOf } from "./spans.js";

styled(`.task {
  .parts { display: flex; height: 14px; border-radius: 4px; overflow: hidden; background: var(--bg); }
  .part { display: block; }
  .part-screenshot { background: #6b8afd; }
  .part-ttft { background: repeating-linear-gradient(45deg, #f0a93b 0 4px, #d98f1c 4px 8px); }
  .part-thinking { background: #f2c14e; }
  .part-answer { background: #9f7aea; }
  .part-action { background: #38b2ac; }
  .part-other { background: color-mix(in srgb, var(--muted) 40%, var(--panel)); }
  .legend { display: flex; flex-wrap: wrap; gap: 2px 12px; margin: 5px 0 6px; font-size: 12px; color: var(--muted); }
  .legend li { display: inline-flex; align-items: center; gap: 5px; }
  .legend .part { width: 9px; height: 9px; border-radius: 2px; }
  .legend b { color: var(--text); font-weight: 600; font-variant-numeric: tabular-nums; }
  .span { border-top: 1px solid var(--line); padding: 1px 0; }
  .span-row { display: grid; grid-template-columns: minmax(0, 1.1fr) minmax(0, 1fr) 5em; align-items: center; gap: 8px; min-height: 24px; list-style: none; cursor: pointer; }
  .span-row::-webkit-details-marker { display: none; }
  .span-bar { position: relative; height: 8px; border-radius: 3px; background: var(--bg); }
  .span-bar i { position: absolute; inset-block: 0; border-radius: 3px; background: var(--accent); max-width: 100%; }
  .span-bar .is-error { background: var(--fail); }
}`);

/** @typedef {import("./bodies.js").Kit} Kit */
/** @typedef {import("./spans.js").Part} Part */
/** @typedef {import("./spans.js").Row} Row */

/** @param {{kit: Kit, step: any}} props */
export default function Waterfall({ kit, step }) {
  const rows = useRows(kit, step);
  const parts = partsOf(step.timings, step.duration_ms);
  const whole = Math.max(step.duration_ms ?? 0, ...parts.map(({ start, ms }) => start + ms), ...rows.map(({ start, ms }) => start + ms), 1);
  if (parts.length === 0 && rows.length === 0) return null;
  return html`<section class="waterfall"><h3>${t("task.time")} <small>${lasted(step.duration_ms)}</small></h3>
    <div class="parts" role="img" aria-label=${parts.map(textOf).join(", ")}>
      ${parts.map((part) => html`<i class=${`part part-${part.name}`} title=${textOf(part)} style=${{ width: `${(part.ms / whole) * 100}%` }}></i>`)}
    </div>
    <ul class="legend">${parts.map((part) => html`<li><i class=${`part part-${part.name}`}></i>${t(`task.part.${part.name}`)} <b>${lasted(part.ms)}</b></li>`)}</ul>
    ${rows.map((row) => html`<${SpanRow} key=${row.span.span_id} ...${{ row, whole }} />`)}
  </section>`;
}

/** @param {Part} part */
const textOf = ({ name, ms }) => `${t(`task.part.${name}`)} ${lasted(ms)}`;

/** @param {Kit} kit @param {any} step @returns {Row[]} */
function useRows({ source, taskId }, step) {
  const [loaded, setLoaded] = useState({ step: null, spans: /** @type {any[]} */ ([]) });
  useEffect(() => {
    let isWanted = true;
    // The bar above stands without them, and a live task asks again with its next change.
    source.spans(taskId, step.id).then((/** @type {any} */ { spans }) => isWanted && setLoaded({ step, spans }), () => undefined);
    return () => {
      isWanted = false;
    };
  }, [source, taskId, step]);
  return loaded.step === step ? rowsOf(loaded.spans, step.span_id, momentOf(step.started_at)) : [];
}

/** @param {{row: Row, whole: number}} props */
export function SpanRow({ row, whole }) {
  const { span, depth, start, ms } = row;
  const [isOpen, setOpen] = useState(false);
  const bar = { left: `${(Math.max(start, 0) / whole) * 100}%`, width: `max(2px, ${(ms / whole) * 100}%)` };
  const isError = span.status_code === 2;
  return html`<details class="span" onToggle=${(/** @type {any} */ event) => setOpen(event.currentTarget.open)}>
    <summary class="span-row">
      <span class="span-name" style=${{ paddingInlineStart: `${depth * 10}px` }}>${isError ? "✖ " : ""}${span.name}</span>
      <span class="span-bar"><i class=${isError ? "is-error" : ""} style=${bar}></i></span>
      <span class="span-time">${lasted(ms)}</span>
    </summary>
    ${isOpen && html`<${JsonTree} value=${{ ...span.attributes, ...(span.status_message ? { status: span.status_message } : {}), ...(span.events?.length ? { events: span.events } : {}) }} />`}
  </details>`;
}
