// A task in the list: its key frames, what it was, how it went.

import { html } from "../lib.js";
import { Icon } from "../icons.js";
import { agoText, durationText, language, numberText, t, timeText } from "../i18n.js";
import { taskLink } from "../route.js";
import { KeyFrames } from "./keyframes.js";
import { Status } from "../status.js";
import Hits from "../task/hits.js";
import { fromHit } from "./excerpt.js";
import { costHint, costText, inAndOut, tokensText } from "../usage.js";

/** @typedef {import("./tasks.js").Task} Task */

/** @param {{source: any, task: Task, word: string, choice: import("./choice.js").ChoiceState, picking: import("./picking.js").Picking}} props */
export function Row({ source, task, word, choice, picking: { picked, pick } }) {
  const title = task.task_description || t("list.untitled");
  const id = `task-${task.task_id}`;
  return html`<li class="task-row" data-task=${task.task_id}>
    ${picked && html`<input type="checkbox" class="pick" data-pick aria-label=${title} checked=${picked.has(task.task_id)}
      onClick=${(/** @type {MouseEvent} */ event) => pick(task.task_id, event.shiftKey)} />`}
    <${KeyFrames} source=${source} task=${task} />
    <article class="row-body" aria-labelledby=${id}>
      <h2><a class="row-link" dir="auto" id=${id} href=${taskLink(task.task_id, task.why?.steps[0], wordIn(task, word))}
        title=${title}><${Hits} text=${title} word=${word} /></a></h2>
      <${Origin} task=${task} word=${word} />
      <${Outcome} task=${task} word=${word} />
      <${Flags} task=${task} word=${word} />
    </article>
    <div class="row-facts">
      <${Status} status=${task.status} />
      <${Amounts} task=${task} />
      ${task.created_at && html`<${Since} time=${task.created_at} />`}
      <${Actions} task=${task} choice=${choice} title=${title} />
    </div>
  </li>`;
}

/** What to look for in the steps of a task: nothing where none of them has it. @param {Task} task @param {string} word */
const wordIn = (task, word) => (task.hit == null ? "" : word);

/** @param {{time: string}} props */
const Since = ({ time }) => html`<time datetime=${time} title=${timeText(time)}>${agoText(time)}</time>`;

/** Where and with what it ran. @param {{task: Task, word: string}} props */
function Origin({ task, word }) {
  const facts = [
    ["launch", (task.apps ?? []).join(", "), t("list.app")],
    ["model", task.model, t("list.model")],
    ["phone", task.device_id, t("list.device")],
    ["home", task.project, t("list.project")],
    ["link", task.session, t("list.session")],
    ["tag", (task.tags ?? []).join(", "), t("list.tag")],
    ["ok", (task.scores ?? []).map(({ name, value, label }) => `${name} ${value == null ? "" : numberText(value)} ${label ?? ""}`.trim()).join(", "), t("list.score")],
  ].filter(([, text]) => text);
  return html`<p class="origin">${facts.map(([icon, text, label]) =>
    html`<span key=${icon} title=${`${label}: ${text}`}><${Icon} name=${icon} /><${Hits} text=${text} word=${word} /></span>`)}</p>`;
}

/** Why it did not end well, where that is known, or its last word. @param {{task: Task, word: string}} props */
function Outcome({ task, word }) {
  const why = task.why && task.why.kind !== "not_clear" ? task.why.sentence[language()] : "";
  const last = task.error_message || task.result;
  const text = why || last;
  if (!text) return null;
  return html`<p dir="auto" class=${why || task.error_message ? "outcome is-error" : "outcome"} title=${[why, last].filter(Boolean).join("\n")}>
    <${Hits} text=${fromHit(text, word)} word=${word} /></p>`;
}

/** @param {{task: Task, word: string}} props */
function Flags({ task, word }) {
  const flags = Object.entries(task.flags ?? {}).filter(([, count]) => count > 0);
  if (flags.length === 0 && task.hit == null && !(task.alike > 1)) return null;
  return html`<ul class="flags">
    ${task.hit != null && html`<li class="hit"><a href=${taskLink(task.task_id, task.hit, word)}>
      <${Icon} name="search" />${t("list.hit", { number: task.hit })}</a></li>`}
    ${task.alike > 1 && html`<li class="flag alike" title=${task.why?.fingerprint}><${Icon} name="fail" />${t("list.alike", { count: task.alike })}</li>`}
    ${flags.map(([name, count]) => html`<li key=${name} class="flag"><a href=${`${taskLink(task.task_id, task.flag_steps[name])}&f=${name}`}
      title=${t(`flag.${name}.hint`)}><${Icon} name="flag" />${t(`flag.${name}`)}
      ${count > 1 && html`<small>×${count}</small>`}</a></li>`)}
  </ul>`;
}

/** @param {{task: Task}} props */
function Amounts({ task }) {
  return html`<p class="amounts"><span>${t("list.steps", { count: task.total_steps ?? 0 })}</span>
    ${task.failed_steps ? html`<span class="is-error">${t("list.failedSteps", { count: task.failed_steps })}</span>` : null}
    ${task.total_duration_ms ? html`<span>${durationText(task.total_duration_ms)}</span>` : null}
    ${task.archived && html`<span>${t("list.archived")}</span>`}</p>
    ${task.usage && html`<p class="spent"><span title=${inAndOut(task.usage)}>${tokensText(task.usage)}</span>
      <span title=${costHint(task.usage)}>${costText(task.usage)}</span></p>`}`;
}

/** @param {{task: Task, choice: import("./choice.js").ChoiceState, title: string}} props */
function Actions({ task, choice, title }) {
  const isChosen = choice.chosen === task.task_id || choice.other === task.task_id;
  return html`<div class="row-actions">
    ${task.status === "running" && html`<a class="button" href=${`${taskLink(task.task_id)}#live`}>
      <${Icon} name="play" />${t("list.watch")}</a>`}
    ${task.why?.steps.length ? html`<a class="button inspect" href=${taskLink(task.task_id, task.why.steps[0])}
      aria-label=${`${t("list.why")} ${title}`}><${Icon} name="fail" />${t("list.why")}</a>`
      : task.first_failed != null && html`<a class="button"
      href=${taskLink(task.task_id, task.first_failed)}><${Icon} name="fail" />${t("list.inspect")}</a>`}
    <button type="button" class="button choose" aria-pressed=${isChosen} title=${t("list.mark")}
      aria-label=${`${t("list.mark")}: ${title}`} onClick=${() => choice.choose(task.task_id)}>
      <${Icon} name="compare" /></button>
  </div>`;
}

/** Holds the place of rows that are being loaded. */
export function RowSkeleton() {
  return html`<div role="status" aria-label=${t("list.loading")}>
    ${[0, 1, 2, 3].map((key) => html`<div key=${key} class="task-row skeleton-row"><i></i><i></i></div>`)}</div>`;
}
