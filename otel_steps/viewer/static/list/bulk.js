// What is done with many tasks at once: those that are picked, or all that the filters find.

import { html, useState } from "../lib.js";
import { Icon } from "../icons.js";
import { errorText, learn, t } from "../i18n.js";
import { may } from "../role.js";
import { styled } from "../styled.js";
import { tagsOf } from "../task/tagging.js";
import { asked } from "./query.js";
import Removal from "./removal.js";

await Promise.all([learn("judge"), learn("export")]);

styled(`.list {
  .bulk { position: sticky; z-index: 29; bottom: 12px; display: flex; flex-wrap: wrap; align-items: center; gap: 8px; margin-top: 12px; padding: 10px 12px; border: 1px solid var(--accent); border-radius: 12px; background: var(--panel); box-shadow: var(--shadow); }
  .bulk b { margin-inline-end: 6px; }
  .bulk form { display: flex; flex-wrap: wrap; gap: 8px; flex-basis: 100%; }
  .bulk input { flex: 1 1 180px; min-width: 0; height: 32px; padding: 0 8px; border: 1px solid var(--line); border-radius: 7px; background: var(--bg); color: inherit; font: inherit; }
  .bulk .end { margin-inline-start: auto; }
  .bulk p { flex-basis: 100%; }
  .bulk .error { color: var(--fail); }
  .bulk .delete { border-color: color-mix(in srgb, var(--fail) 40%, var(--line)); color: var(--fail); }
}`);

const FORMS = ["html", "json", "otlp", "atif", "gif"];

/** @typedef {import("./picking.js").Picking} Picking */
/** @typedef {{filters: string, task_ids: string[] | null}} Which All that the filters find where there are no ids. */

/** @param {{source: any, query: import("./query.js").Query, picking: Picking, page: import("./tasks.js").TaskPage, load: () => void}} props */
export default function Bulk({ source, query, picking, page, load }) {
  const [isAll, setAll] = useState(false);
  const [open, setOpen] = useState("");
  const [said, setSaid] = useState("");
  const [error, setError] = useState("");
  const picked = picking.picked ?? new Set();
  const { total } = page.pagination;
  const isEvery = isAll && picked.size === 0;
  const count = isEvery ? total : picked.size;
  /** @returns {Which} */
  const which = () => ({ filters: filtersOf(query), task_ids: isEvery ? null : [...picked] });
  const toggle = (/** @type {string} */ name) => {
    setOpen(open === name ? "" : name);
    setSaid("");
    setError("");
  };
  const retag = async (/** @type {string[]} */ add, /** @type {string[]} */ remove) => {
    const { filters, task_ids } = which();
    try {
      const { tasks } = await source.post(`api/selection/tags?${filters}`, { task_ids, add, remove });
      setOpen("");
      setError("");
      setSaid(t("bulk.tagged", { count: tasks }));
      load();
    } catch (problem) {
      setError(errorText(problem));
    }
  };
  const pickPage = () => {
    setAll(false);
    picking.set(new Set([...picked, ...page.tasks.map(({ task_id }) => task_id)]));
  };
  const pickAll = () => {
    setAll(true);
    picking.set(new Set());
  };
  const removed = () => {
    setOpen("");
    setAll(false);
    picking.set(new Set());
    load();
  };
  return html`<section class="bulk" aria-label=${t("bulk.title")}>
    <b role="status">${t(isEvery ? "bulk.all" : "bulk.count", { count })}</b>
    <button type="button" class="button" onClick=${pickPage}>${t("bulk.page")}</button>
    <button type="button" class="button" aria-pressed=${isEvery} onClick=${pickAll}>${t("bulk.every", { count: total })}</button>
    ${count > 0 && html`
      ${may("annotate") && html`<button type="button" class="button" aria-expanded=${open === "tag"} onClick=${() => toggle("tag")}><${Icon} name="tag" />${t("bulk.tag")}</button>`}
      <button type="button" class="button" aria-expanded=${open === "export"} onClick=${() => toggle("export")}><${Icon} name="download" />${t("bulk.export")}</button>
      ${may("delete") && html`<button type="button" class="button delete" aria-expanded=${open === "delete"} onClick=${() => toggle("delete")}><${Icon} name="clear" />${t("bulk.delete")}</button>`}`}
    <button type="button" class="button end" onClick=${() => picking.set(null)}>${t("bulk.end")}</button>
    ${open === "tag" && html`<${Tagging} retag=${retag} />`}
    ${open === "export" && html`<${Exports} which=${which()} />`}
    ${open === "delete" && html`<${Removal} source=${source} which=${which()} end=${() => setOpen("")} done=${removed} />`}
    ${said && html`<p role="status">${said}</p>`}
    ${error && html`<p class="error" role="alert">${error}</p>`}
  </section>`;
}

/** The filters alone: order and page mean nothing here. @param {import("./query.js").Query} query */
function filtersOf(query) {
  const { page: _page, per_page: _perPage, sort: _sort, order: _order, ...filters } = asked(query, Date.now());
  return String(new URLSearchParams(filters));
}

/** @param {{retag: (add: string[], remove: string[]) => Promise<void>}} props */
function Tagging({ retag }) {
  const [words, setWords] = useState({ add: "", remove: "" });
  const field = (/** @type {"add" | "remove"} */ name) => html`<input dir="auto" data-bulk=${name} aria-label=${t(`bulk.tag.${name}`)}
    placeholder=${t(`bulk.tag.${name}`)} value=${words[name]} onInput=${(/** @type {any} */ event) => setWords({ ...words, [name]: event.target.value })} />`;
  const [add, remove] = [tagsOf(words.add), tagsOf(words.remove)];
  return html`<form onSubmit=${(/** @type {Event} */ event) => {
    event.preventDefault();
    void retag(add, remove);
  }}>${field("add")}${field("remove")}
    <button type="submit" class="button is-primary" disabled=${add.length + remove.length === 0}>${t("bulk.tag.do")}</button></form>`;
}

/** Links that the browser keeps as files: it tells how far they are, and stops them.
 * @param {{which: Which}} props */
function Exports({ which: { filters, task_ids } }) {
  const [isPublic, setPublic] = useState(false);
  const link = (/** @type {string} */ form) => {
    const said = new URLSearchParams(filters);
    said.set("form", form);
    if (isPublic) said.set("public", "true");
    for (const id of task_ids ?? []) said.append("task_id", id);
    return `api/selection/export.zip?${said}`;
  };
  return html`<p>${FORMS.map((form) => html`<a class="button" download href=${link(form)}>${form.toUpperCase()}</a> `)} ${t("bulk.export.hint")}
    <label title=${t("task.export.public.hint")}><input type="checkbox" data-public checked=${isPublic} onChange=${() => setPublic(!isPublic)} /> ${t("task.export.public")}</label></p>`;
}
