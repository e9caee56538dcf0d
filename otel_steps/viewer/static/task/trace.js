// The spans of a task that has no steps: a trace that no agent speaks for.

import { html, useEffect, useState } from "../lib.js";
import { t } from "../i18n.js";
import { lasted } from "./naming.js";
import { momentOf, rowsOf } from "./spans.js";
import { SpanRow } from "./waterfall.js";

/** @param {{kit: import("./bodies.js").Kit}} props */
export default function Trace({ kit: { source, taskId } }) {
  const [spans, setSpans] = useState(/** @type {any[]} */ ([]));
  useEffect(() => {
    let isWanted = true;
    source.spans(taskId).then((/** @type {any} */ found) => isWanted && setSpans(found.spans), () => undefined);
    return () => {
      isWanted = false;
    };
  }, [source, taskId]);
  if (spans.length === 0) return null;
  const begin = Math.min(...spans.map((span) => momentOf(span.started_at)));
  const rows = rowsOf(spans, "", begin);
  const whole = Math.max(...rows.map(({ start, ms }) => start + ms), 1);
  return html`<section class="waterfall"><h3>${t("task.time")} <small>${lasted(whole)}</small></h3>
    ${rows.map((row) => html`<${SpanRow} key=${row.span.span_id} ...${{ row, whole }} />`)}
  </section>`;
}
