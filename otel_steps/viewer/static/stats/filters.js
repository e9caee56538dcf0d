// Which tasks the figures are of: the period, and what narrows the list.

import { html, useState } from "../lib.js";
import { Icon } from "../icons.js";
import { t, timeText } from "../i18n.js";
import { AGES, MENUS, dayBefore, isNarrowed, ownPeriod } from "../list/query.js";
import { Search, Select, Statuses, ValueMenu } from "../list/toolbar.js";

/** @typedef {import("../list/query.js").Query} Query */
/** @typedef {(part: Partial<Query>, how?: {isReplacing?: boolean}) => void} Change */

const DAY_MS = 86400000;
const WEEK = 7;

/** @param {{query: Query, facets: Record<string, string[]> | null, counts: any, change: Change}} props */
export function Filters({ query, facets, counts, change }) {
  const [isOpen, setOpen] = useState(false);
  return html`<div class="tools" role="search">
    <${Search} text=${query.q} change=${change} />
    <button type="button" class="button filters-opener" aria-expanded=${isOpen} onClick=${() => setOpen(!isOpen)}>
      <${Icon} name="filter" />${t("list.filters")}</button>
    <div class=${isOpen ? "filters is-open" : "filters"}>
      <${Statuses} query=${query} counts=${counts} change=${change} />
      <div class="menus">
        <${Period} query=${query} change=${change} />
        ${MENUS.map((name) => html`<${ValueMenu} key=${name} name=${name} value=${query[name]}
          values=${facets?.[`${name}s`] ?? []} change=${change} />`)}
        ${isNarrowed(query) && html`<a class="button quiet" href="stats"><${Icon} name="clear" />${t("list.filters.clear")}</a>`}
      </div>
    </div>
  </div>`;
}

/** What is chosen, and when, for who has it on paper. @param {Query} query @param {number} now ms */
export function chosenText(query, now) {
  const period = ownPeriod(query) || t(`list.since.${query.since || "all"}`);
  const menus = MENUS.filter((name) => query[name]).map((name) => `${t(`list.${name}`)}: ${query[name]}`);
  const parts = [timeText(new Date(now).toISOString()), period, ...query.status.map((name) => t(`status.${name}`)), ...menus, query.q && `“${query.q}”`];
  return parts.filter(Boolean).join(" · ");
}

/** An age, or days of one's own (UTC). @param {{query: Query, change: Change}} props */
function Period({ query, change }) {
  const isOwn = Boolean(query.until || (query.since && !AGES[query.since]));
  const options = [["", t("list.since.all")], ...Object.keys(AGES).map((age) => [age, t(`list.since.${age}`)]), ["own", t("stats.own")]];
  const chosen = (/** @type {{since: string}} */ { since }) => {
    const week = { since: dayOf(Date.now() - (WEEK - 1) * DAY_MS), until: dayOf(Date.now() + DAY_MS) };
    change(since === "own" ? week : { since, until: "" });
  };
  return html`<${Select} name="since" value=${isOwn ? "own" : query.since} options=${options} change=${chosen} />
    ${isOwn && html`<span class="own">
      <label>${t("stats.from")} <input type="date" value=${query.since.slice(0, 10)} max=${query.until && lastOf(query)}
        onChange=${(/** @type {any} */ event) => change({ since: event.target.value })} /></label>
      <label>${t("stats.to")} <input type="date" value=${query.until && lastOf(query)} min=${query.since.slice(0, 10)}
        onChange=${(/** @type {any} */ event) => change({ until: event.target.value && dayOf(Date.parse(event.target.value) + DAY_MS) })} /></label>
    </span>`}`;
}

/** @param {number} ms */
const dayOf = (ms) => new Date(ms).toISOString().slice(0, 10);

/** The last day that is meant. @param {Query} query */
const lastOf = ({ until }) => (until.length === 10 ? dayBefore(until) : until.slice(0, 10));
