// What a span of the waterfall says of itself.

import { html, useEffect, useState } from "../lib.js";
import { t } from "../i18n.js";
import { JsonTree } from "./jsontree.js";
import { lasted } from "./naming.js";

/** @param {number} ms Since the task began. */
export const momentText = (ms) => lasted(Math.round(ms)).replace(/^0\.00 /, "0 ");

/** @param {{kit: import("./bodies.js").Kit, tree: import("./spantree.js").Tree, node: number, name: string, path: import("./spantree.js").Stretch[] | undefined}} props */
export function SpanFacts({ kit, tree, node, name, path }) {
  const { nodes, step } = tree;
  const isStep = node < nodes.step_ids.length;
  const span = useSpan(kit, tree, isStep ? -1 : node);
  const waited = (path ?? []).reduce((sum, [from, to]) => sum + to - from, 0);
  return html`<div class="span-facts" role="group" tabindex="0" aria-label=${name}>
    <h3 dir="auto">${name}</h3>
    <dl><div><dt>${t("spans.began")}</dt><dd>${momentText(nodes.start_ms[node])}</dd></div>
      <div><dt>${t("spans.took")}</dt><dd>${nodes.duration_ms[node] === null ? t("spans.running") : lasted(nodes.duration_ms[node])}</dd></div>
      ${waited > 0 && html`<div><dt>${t("spans.onPath")}</dt><dd>${lasted(waited)}</dd></div>`}</dl>
    ${step[node] === null && html`<p class="hint">${t("spans.outside")}</p>`}
    ${span?.status_message && html`<pre class="prose error">${span.status_message}</pre>`}
    ${span && html`<${JsonTree} value=${{ ...span.attributes, ...(span.events?.length ? { events: span.events } : {}) }} />`}
  </div>`;
}

/** The whole row of a span: of those below its step, or of all where it is below none.
 * @param {import("./bodies.js").Kit} kit @param {import("./spantree.js").Tree} tree @param {number} node @returns {any} */
function useSpan({ source, taskId }, { nodes, step }, node) {
  const [span, setSpan] = useState(/** @type {any} */ (null));
  useEffect(() => {
    if (node < 0) return undefined;
    let isWanted = true;
    const isIt = (/** @type {any} */ each) => each.span_id === nodes.span_id[node] && each.trace_id === nodes.traces[nodes.trace[node]];
    const below = step[node];
    // Who goes through the tree by keys passes by many.
    const timer = setTimeout(() => {
      source.spans(taskId, below === null ? undefined : nodes.step_ids[below]).then(
        (/** @type {any} */ { spans }) => isWanted && setSpan(spans.find(isIt) ?? null), () => undefined);
    }, 80);
    return () => {
      isWanted = false;
      clearTimeout(timer);
    };
  }, [source, taskId, node]);
  return span;
}
