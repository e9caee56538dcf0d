// The last screen of each task that did not end well, those that failed alike together: to look at, not to read.

import { html, useEffect, useState } from "../lib.js";
import { Icon } from "../icons.js";
import { language, t } from "../i18n.js";
import { taskLink } from "../route.js";
import { Status } from "../status.js";
import { Part, useAnswer } from "./answers.js";
import { byCause, byFlag } from "./causes.js";
import { NOT_DONE, among, listLink } from "./query.js";

/** @typedef {import("../list/query.js").Query} Query */
/** @typedef {import("../list/tasks.js").Task} Task */

const PAGE = 24;
const WAYS = { cause: byCause, flag: byFlag };

/** @param {{source: any, query: Query, filters: string}} props */
export function Failures({ source, query, filters }) {
  const [page, setPage] = useState(1);
  const [way, setWay] = useState(/** @type {"cause" | "flag"} */ ("cause"));
  useEffect(() => setPage(1), [filters]);
  const status = among(query, NOT_DONE);
  const asked = new URLSearchParams([...new URLSearchParams(filters), ["page", String(page)], ["per_page", String(PAGE)]]);
  asked.set("status", (status ?? []).join(","));
  const found = useAnswer(source, status ? `api/tasks?${asked}` : "");
  const answer = status ? found : { data: { tasks: [], pagination: { total: 0, pages: 0 } }, error: null, isLoading: false };
  const tasks = /** @type {Task[]} */ (answer.data?.tasks ?? []);
  const { total = 0, pages = 0 } = answer.data?.pagination ?? {};
  const ways = html`<div class="choices" role="group" aria-label=${t("stats.failures.by")}>${/** @type {("cause" | "flag")[]} */ (Object.keys(WAYS)).map((name) =>
    html`<button type="button" key=${name} class="chip" aria-pressed=${name === way} data-way=${name} onClick=${() => setWay(name)}>${t(`stats.failures.${name}`)}</button>`)}</div>`;
  return html`<${Part} id="failures" title=${t("stats.failures")} answer=${answer} tools=${tasks.length > 0 && ways}
    hint=${total > 0 && html`<a href=${listLink(query, { status: status ?? [] })}>${t("stats.failures.count", { count: total })}</a>`}>
    ${total === 0 && html`<p class="hint">${t("stats.failures.none")}</p>`}
    ${WAYS[way](tasks).map((cause) => html`<section key=${cause.key} class="cause" data-cause=${cause.key}>
      <h3>${way === "flag" ? (cause.kind ? t(`flag.${cause.kind}`) : t("stats.failures.noFlag")) : t(`stats.cause.${cause.kind}`)}
        ${cause.detail && html`<span class="detail">${cause.detail}</span>`} <small>${way === "flag" && cause.kind
          ? html`<a href=${listLink(query, { status: status ?? [], flag: cause.kind })}>${t("stats.tasks.count", { count: cause.tasks.length })}</a>`
          : t("stats.tasks.count", { count: cause.tasks.length })}</small></h3>
      <ul class="shots">${cause.tasks.map((task) => html`<${Shot} key=${task.task_id} ...${{ source, task, flag: way === "flag" ? cause.kind : "" }} />`)}</ul>
    </section>`)}
    ${pages > 1 && html`<nav class="pager" aria-label=${t("list.pages")}>
      <button type="button" class="button" disabled=${page === 1} onClick=${() => setPage(page - 1)}>${t("list.page.previous")}</button>
      <span>${t("list.page", { page, pages })}</span>
      <button type="button" class="button" disabled=${page >= pages} onClick=${() => setPage(page + 1)}>${t("list.page.next")}</button></nav>`}
  </${Part}>`;
}

/** A link to the step where it went wrong, or to that which has the flag. @param {{source: any, task: Task, flag: string}} props */
function Shot({ source, task, flag }) {
  const frame = task.frames.at(-1);
  const title = task.task_description || t("list.untitled");
  const step = flag ? task.flag_steps[flag] : (task.why?.steps[0] ?? task.first_failed ?? frame?.number);
  const why = task.why?.sentence[language()] ?? task.error_message ?? "";
  return html`<li><a href=${taskLink(task.task_id, step)} title=${[title, why].filter(Boolean).join("\n")} data-shot=${task.task_id}>
    <span class="shot">${frame
      ? html`<img src=${source.imageUrl(frame.sha256, 240)} alt="" loading="lazy" decoding="async" />`
      : html`<span class="no-shot"><${Icon} name="image" />${t("list.noPictures")}</span>`}
      ${step != null && html`<span class="frame-number"><span class="sr-only">${t("list.frame", { number: step })}</span><span aria-hidden="true">${step}</span></span>`}</span>
    <${Status} status=${task.status} />
    <b dir="auto">${title}</b><span class="why" dir="auto">${why}</span></a></li>`;
}
