// What the task was and how it went; links and files.

import { html, useState } from "../lib.js";
import { Icon } from "../icons.js";
import { language, t } from "../i18n.js";
import { Status } from "../status.js";
import { useBody } from "./bodies.js";
import { copied } from "./clipboard.js";
import { lazily } from "./lazy.js";
import { compareLink, reportLink, runsLink, traceLink } from "./links.js";
import { markedTask } from "./marked.js";
import { lasted } from "./naming.js";
import { useFact } from "./state.js";

/** @typedef {import("./bodies.js").Kit} Kit */

const Exports = lazily(() => import("./exports.js"));
const Saving = lazily(() => import("./saving.js"));
const WhySentence = lazily(() => import("./why.js"));
const FlagSummary = lazily(() => import("./flagsummary.js"));
const TaskUsage = lazily(() => import("./taskusage.js"));

/** @param {{kit: Kit, marked: string | null, onMark: () => void}} props */
export function Header({ kit, marked, onMark }) {
  const { session, source } = kit;
  const task = useFact(session, (state) => state.task);
  const isLive = useFact(session, (state) => state.isLive);
  return html`<header class="task-head">
    ${source.tasks && html`<a class="back" href="."><${Icon} name="back" />${t("task.back")}</a>`}
    <h1 dir="auto" title=${task.task_description ?? task.task_id}>${task.task_description || task.task_id}</h1>
    <${Status} status=${task.status}>
      ${isLive && task.status === "running" && html`<b class="live" role="status"><i></i>${t("task.live")}</b>`}<//>
    <${Facts} kit=${kit} task=${task} />
    <div class="task-actions">
      ${source.tasks && html`<${Compare} ...${{ task, marked, onMark }} />
        <a class="button" href=${runsLink(task.task_id)} title=${t("task.runs")} aria-label=${t("task.runs")}><${Icon} name="strip" /></a>`}
      <${Waterfall} session=${session} />
      <${Trace} kit=${kit} task=${task} />
      <button type="button" class="button" title=${t("task.key.copyLink")} aria-label=${t("task.share")}
        onClick=${() => copied(session, location.href)}><${Icon} name="link" /></button>
      ${source.tasks && html`<a class="button" href=${reportLink([task.task_id], language())}><${Icon} name="note" />${t("task.report")}</a>`}
      ${source.exportUrl && html`<${Export} ...${{ kit, task }} />`}
      <button type="button" class="button list-opener" onClick=${() => session.set({ isListOpen: !session.state.isListOpen })}>
        <${Icon} name="list" />${t("task.steps")}</button>
    </div>
  </header>
  <${Outcome} task=${task} />
  ${task.why !== null && !["running", "completed", null].includes(task.status) && html`<${WhySentence} kit=${kit} task=${task} />`}
  <${FlagSummary} kit=${kit} />`;
}

/** @param {{kit: Kit, task: any}} props */
function Facts({ kit, task }) {
  const index = useFact(kit.session, (state) => state.index);
  const spans = (/** @type {any[]} */ facts) => facts.filter(Boolean).map((fact) => html`<span>${fact}</span>`);
  return html`<span class="task-facts">
    ${spans([
      task.archived && t("task.archived"),
      t("task.stepCount", { count: index.count }),
      task.failed_steps ? t("task.failedCount", { count: task.failed_steps }) : "",
      lasted(task.total_duration_ms),
    ])}<${TaskUsage} kit=${kit} />${spans([task.model, task.device_id])}</span>`;
}

/** How a task ended where a word is not enough. @param {{task: any}} props */
function Outcome({ task }) {
  const text = task.error_message || task.result;
  const hint = ["interrupted", "max_steps", "cancelled"].includes(task.status) ? t(`status.${task.status}.hint`) : "";
  if (!text && !hint) return null;
  return html`<p dir="auto" class=${`task-outcome status-${task.status}`}>${hint && html`<b>${hint}</b> `}${text}</p>`;
}

/** @param {{task: any, marked: string | null, onMark: () => void}} props */
function Compare({ task, marked, onMark }) {
  const other = marked ?? markedTask();
  if (other && other !== task.task_id) {
    return html`<a class="button" href=${compareLink(other, task.task_id)}><${Icon} name="compare" />${t("task.compare")}</a>`;
  }
  return html`<button type="button" class="button" aria-pressed=${other === task.task_id} title=${t("task.key.mark")} onClick=${onMark}>
    <${Icon} name="compare" />${t(other ? "task.marked" : "task.mark")}</button>`;
}

/** @param {{session: import("./state.js").Session}} props */
function Waterfall({ session }) {
  const isOpen = useFact(session, (state) => state.areSpansOpen);
  return html`<button type="button" class="button" aria-pressed=${isOpen} title=${t("task.key.spans")} aria-label=${t("task.spans")}
    onClick=${() => session.set({ areSpansOpen: !isOpen })}><${Icon} name="waterfall" /></button>`;
}

/** @param {{kit: Kit, task: any}} props */
function Trace({ kit, task }) {
  const traceUrl = useFact(kit.session, (state) => state.traceUrl);
  const { body } = useBody(kit);
  const href = traceLink(traceUrl, { trace_id: task.trace_id, span_id: body?.step?.span_id });
  if (!href) return null;
  return html`<a class="button" href=${href} target="_blank" rel="noreferrer" title=${task.trace_id}>
    <${Icon} name="external" />${t("task.trace")}</a>`;
}

/** @param {{kit: Kit, task: any}} props */
function Export({ kit, task }) {
  const [isOpen, setOpen] = useState(false);
  // How many pictures a page has that is on its way, and outlives the menu.
  const [saving, setSaving] = useState(0);
  const left = (/** @type {any} */ event) => {
    if (!event.currentTarget.contains(event.relatedTarget)) event.currentTarget.open = false;
  };
  return html`<details class="menu" onFocusOut=${left} onToggle=${(/** @type {any} */ event) => setOpen(event.currentTarget.open)}>
    <summary class="button"><${Icon} name="download" />${t("task.export")} ▾</summary>
    ${isOpen && html`<${Exports} kit=${kit} task=${task} save=${setSaving} />`}
  </details>
  ${saving > 0 && html`<${Saving} url=${kit.source.exportUrl(task.task_id, "html")} count=${saving} onEnd=${() => setSaving(0)} />`}`;
}
