// What narrows the list: a search, statuses, menus of what the store holds, a time, an order.

import { html, useEffect, useRef, useState } from "../lib.js";
import { Icon } from "../icons.js";
import { numberText, t } from "../i18n.js";
import { AGES, FLAGS, MENUS, SCORES, SORTS, STATUSES, flagWords, isNarrowed, ownPeriod } from "./query.js";
import { STATUS_ICONS } from "../status.js";

/** @typedef {import("./query.js").Query} Query */
/** @typedef {import("./view.js").Change} Change */

const PAUSE_MS = 250;

/**
 * @param {object} props
 * @param {Query} props.query
 * @param {Record<string, string[]> | null} props.facets What is found in the store; null until that is known.
 * @param {import("./tasks.js").ByStatus} props.counts What is found of each status.
 * @param {Change} props.change
 * @param {import("./picking.js").Picking} props.picking
 */
export function Toolbar({ query, facets, counts, change, picking }) {
  const [isOpen, setIsOpen] = useState(false);
  return html`<div class="tools" role="search">
    <${Search} text=${query.q} change=${change} />
    <button type="button" class="button filters-opener" aria-expanded=${isOpen} onClick=${() => setIsOpen(!isOpen)}>
      <${Icon} name="filter" />${t("list.filters")}</button>
    <div class=${isOpen ? "filters is-open" : "filters"}>
      <${Statuses} query=${query} counts=${counts} change=${change} />
      <div class="menus">
        ${MENUS.map((name) => html`<${ValueMenu} key=${name} name=${name} value=${query[name]}
          values=${facets?.[`${name}s`] ?? []} change=${change} />`)}
        <${Select} name="flag" value=${query.flag} change=${change} options=${["", ...FLAGS].map((each) => [each, t(flagWords(each))])} />
        <${Select} name="score" value=${query.score} change=${change}
          options=${["", ...Object.keys(SCORES)].map((each) => [each, t(`list.score.${each || "all"}`)])} />
        <${Since} query=${query} change=${change} />
        <span class="order">
          <${Select} name="sort" value=${query.sort} change=${change}
            options=${SORTS.map((name) => [name, t(`list.sort.${name}`)])} />
          <${Order} order=${query.order} change=${change} /></span>
        <button type="button" class="button" data-select aria-pressed=${picking.picked !== null}
          onClick=${() => picking.set(picking.picked ? null : new Set())}><${Icon} name="check" />${t("list.select")}</button>
        ${isNarrowed(query) && html`<a class="button quiet" href="."><${Icon} name="clear" />${t("list.filters.clear")}</a>`}
      </div>
    </div>
  </div>`;
}

/** An age; a period of its own days is what a link of the figures has brought. @param {{query: Query, change: Change}} props */
function Since({ query, change }) {
  const own = ownPeriod(query);
  const options = [["", t("list.since.all")], ...Object.keys(AGES).map((age) => [age, t(`list.since.${age}`)])];
  return html`<${Select} name="since" value=${own || query.since} options=${own ? [...options, [own, own]] : options}
    change=${(/** @type {{since: string}} */ { since }) => since !== own && change({ since, until: "" })} />`;
}

/** Asks when the writer pauses, and never in the middle of a composed word. @param {{text: string, change: Change}} props */
export function Search({ text, change }) {
  const [written, setWritten] = useState(text);
  const field = useRef(/** @type {HTMLInputElement | null} */ (null));
  const timer = useRef(0);
  const isComposing = useRef(false);
  // The address may change under the field: by Back, or by "clear filters".
  useEffect(() => {
    clearTimeout(timer.current);
    setWritten((old) => (old.trim() === text ? old : text));
    return () => clearTimeout(timer.current);
  }, [text]);
  const ask = (/** @type {string} */ value, /** @type {number} */ wait) => {
    setWritten(value);
    clearTimeout(timer.current);
    if (isComposing.current) return;
    timer.current = setTimeout(() => {
      if (value.trim() !== text) change({ q: value.trim() }, { isReplacing: text !== "" });
    }, wait);
  };
  return html`<div class="search">
    <${Icon} name="search" />
    <input data-search type="search" dir="auto" enterkeyhint="search" autocomplete="off" spellcheck=${false} ref=${field}
      aria-label=${t("list.search")} placeholder=${t("list.search.hint")} value=${written}
      onCompositionStart=${() => (isComposing.current = true)}
      onCompositionEnd=${(/** @type {any} */ event) => {
        isComposing.current = false;
        ask(event.target.value, PAUSE_MS);
      }}
      onInput=${(/** @type {any} */ event) => ask(event.target.value, PAUSE_MS)}
      onKeyDown=${(/** @type {any} */ event) => {
        if (event.isComposing) return;
        if (event.key === "Enter") ask(event.target.value, 0);
        if (event.key === "Escape") event.target.blur();
      }} />
    ${written
      ? html`<button type="button" class="search-clear" aria-label=${t("list.search.clear")}
          onClick=${() => {
            ask("", 0);
            field.current?.focus();
          }}><${Icon} name="clear" /></button>`
      : html`<kbd aria-hidden="true">/</kbd>`}
  </div>`;
}

/** @param {{query: Query, counts: import("./tasks.js").ByStatus, change: Change}} props */
export function Statuses({ query, counts, change }) {
  const toggled = (/** @type {string} */ name) =>
    query.status.includes(name) ? query.status.filter((each) => each !== name) : [...query.status, name];
  return html`<div class="statuses" role="group" aria-label=${t("list.status")}>
    <button type="button" class="chip" aria-pressed=${query.status.length === 0} data-status-filter="all"
      onClick=${() => change({ status: [] })}>${t("list.all")}</button>
    ${STATUSES.map((name) => html`<button type="button" key=${name} class=${`chip status-${name}`} data-status-filter=${name}
      aria-pressed=${query.status.includes(name)} onClick=${() => change({ status: toggled(name) })}>
      <${Icon} name=${STATUS_ICONS[name]} />${t(`status.${name}`)} <small>${numberText(counts[name]?.tasks ?? 0)}</small></button>`)}
  </div>`;
}

/** A menu of what is found in the store. It stands there before anything is found, but for what few use.
 * @param {{name: import("./query.js").Menu, value: string, values: string[], change: Change}} props */
export function ValueMenu({ name, value, values, change }) {
  const all = value && !values.includes(value) ? [value, ...values] : values;
  if (all.length === 0 && !["app", "model", "device"].includes(name)) return null;
  const options = [["", t(`list.${name}.all`)], ...all.map((each) => [each, each])];
  return html`<${Select} name=${name} value=${value} options=${options} change=${change} />`;
}

/** @param {{name: string, value: string, options: string[][], change: Change}} props */
export function Select({ name, value, options, change }) {
  return html`<select aria-label=${t(`list.${name}`)} data-menu=${name} class=${value === options[0][0] ? "" : "is-set"}
    onChange=${(/** @type {any} */ event) => change({ [name]: event.target.value })}>
    ${options.map(([key, words]) => html`<option key=${key} value=${key} selected=${key === value}>${words}</option>`)}
  </select>`;
}

/** @param {{order: "asc" | "desc", change: Change}} props */
function Order({ order, change }) {
  const label = `${t("list.sort")}: ${t(`list.order.${order}`)}`;
  return html`<button type="button" class="button order-button" data-order=${order} aria-label=${label} title=${label}
    onClick=${() => change({ order: order === "asc" ? "desc" : "asc" })}>
    <${Icon} name=${order === "asc" ? "up" : "down"} /></button>`;
}
