// The list of steps with its filters.

import { html, useEffect, useRef, useState } from "../lib.js";
import { Icon } from "../icons.js";
import { errorText, t } from "../i18n.js";
import { Windowed } from "../window.js";
import { selected } from "./commands.js";
import { EVERYTHING, actionCounts, isFiltering } from "./filter.js";
import { Mark, StepIcon, withHits } from "./marks.js";
import { actionWord, lasted, outcomeOf } from "./naming.js";
import { useFact } from "./state.js";
import { argumentAt, durationAt, kindAt, saidAt } from "./steps.js";

/** @typedef {import("./bodies.js").Kit} Kit */

const HEIGHT = 34;
// Typing pauses this long before the store is asked.
const PAUSE_MS = 180;

/** @param {{kit: Kit}} props */
export function StepList({ kit }) {
  const isOpen = useFact(kit.session, (state) => state.isListOpen);
  return html`<nav class=${isOpen ? "steplist is-open" : "steplist"} aria-label=${t("task.steps")}>
    <${Filters} kit=${kit} />
    <${Rows} kit=${kit} />
  </nav>
  ${isOpen && html`<button type="button" class="drawer-end" aria-label=${t("task.key.close")}
    onClick=${() => kit.session.set({ isListOpen: false })}></button>`}`;
}

/** @param {{kit: Kit}} props */
function Rows({ kit }) {
  const { session } = kit;
  const index = useFact(session, (state) => state.index);
  const position = useFact(session, (state) => state.position);
  const shown = useFact(session, (state) => state.shown);
  const word = useFact(session, (state) => (state.filter.found ? state.filter.text.trim() : ""));
  const count = shown ? shown.length : index.count;
  if (count === 0) {
    return html`<p class="empty" role="status">${t(index.count ? "task.filter.nothing" : "task.noSteps")}</p>`;
  }
  const stepAt = (/** @type {number} */ row) => (shown ? shown[row] : row);
  const select = (/** @type {number} */ at) =>
    session.set({ ...selected(session.state, at), isPlaying: false, isListOpen: false });
  return html`<${Windowed} count=${count} size=${HEIGHT} active=${shown ? shown.indexOf(position) : position}
    name="row" label=${t("task.steps")}
    item=${(/** @type {number} */ row, /** @type {string} */ id) => {
      const at = stepAt(row);
      return html`<div id=${id} class="row" role="option" aria-selected=${at === position} data-step-position=${at}
        onClick=${() => select(at)}><${Row} ...${{ index, word }} position=${at} /></div>`;
    }} />`;
}

/** @param {{index: import("./steps.js").Index, position: number, word: string}} props */
function Row({ index, position, word }) {
  const said = saidAt(index, position);
  return html`<span class="row-number">${index.number[position]}</span>
    <${StepIcon} kind=${kindAt(index, position)} />
    <span class="row-title">${withHits(actionWord(index, position), word)} <small dir="auto">${withHits(argumentAt(index, position), word)}</small></span>
    ${said && html`<span class="mark said-of" title=${said}><${Icon} name="tag" /><span class="sr-only">${said}</span></span>`}
    <${Mark} index=${index} position=${position} />
    <span class="sr-only">${outcomeOf(index, position)}</span>
    <span class="row-time">${lasted(durationAt(index, position))}</span>`;
}

/** @param {{kit: Kit}} props */
function Filters({ kit }) {
  const { session } = kit;
  const index = useFact(session, (state) => state.index);
  const filter = useFact(session, (state) => state.filter);
  const shown = useFact(session, (state) => state.shown);
  const change = (/** @type {any} */ part) => session.set({ filter: { ...session.state.filter, ...part } });
  return html`<form class="filters" role="search" onSubmit=${(/** @type {Event} */ event) => event.preventDefault()}>
    <${Search} kit=${kit} />
    <div class="filter-line">
      <${Toggle} name="failed" icon="fail" isOn=${filter.failed} onChange=${() => change({ failed: !filter.failed })} />
      <${Toggle} name="flagged" icon="flag" isOn=${filter.flagged} onChange=${() => change({ flagged: !filter.flagged })} />
      <select aria-label=${t("task.filter.action")} value=${filter.action}
        onChange=${(/** @type {any} */ event) => change({ action: event.target.value })}>
        <option value="">${t("task.filter.allActions")}</option>
        ${actionCounts(index).map(([name, count]) => html`<option value=${name}>${actionWord(index, index.action.indexOf(name))} (${count})</option>`)}
      </select>
    </div>
    ${isFiltering(filter) &&
    html`<div class="filter-state" role="status">
      <span>${t("task.filter.count", { shown: shown?.length ?? 0, count: index.count })}
      ${filter.flag && ` · ${t(`flag.${filter.flag}`)}`}
      ${filter.range && ` · ${t("task.filter.range", numbersOf(index, filter.range))}`}</span>
      <button type="button" class="quiet" onClick=${() => session.set({ filter: EVERYTHING })}>${t("task.filter.clear")}</button>
    </div>`}
  </form>`;
}

/** @param {import("./steps.js").Index} index @param {[number, number]} range */
const numbersOf = (index, [first, last]) => ({ first: index.number[first], last: index.number[last] });

/** @param {{name: string, icon: string, isOn: boolean, onChange: () => void}} props */
function Toggle({ name, icon, isOn, onChange }) {
  return html`<button type="button" class="toggle" aria-pressed=${isOn} data-filter=${name} onClick=${onChange}>
    <${Icon} name=${icon} />${t(`task.filter.${name}`)}
  </button>`;
}

/** Asks the store, since thinking and results are not in the index. @param {{kit: Kit}} props */
function Search({ kit }) {
  const { session, source, taskId } = kit;
  const filter = useFact(session, (state) => state.filter);
  const version = useFact(session, (state) => state.index.version);
  const [error, setError] = useState("");
  const isComposing = useRef(false);
  const asked = filter.text.trim();
  useEffect(() => {
    if (!asked) return undefined;
    let isWanted = true;
    const answered = (/** @type {{ids: string[]}} */ { ids }) => {
      if (!isWanted) return;
      setError("");
      session.set({ filter: { ...session.state.filter, found: new Set(ids) } });
    };
    const failed = (/** @type {any} */ problem) => isWanted && setError(errorText(problem));
    const timer = setTimeout(() => source.search(taskId, asked).then(answered, failed), PAUSE_MS);
    return () => {
      isWanted = false;
      clearTimeout(timer);
    };
  }, [source, taskId, asked, version]);
  const typed = (/** @type {any} */ event) => {
    if (isComposing.current) return;
    const text = event.target.value;
    const old = session.state.filter;
    session.set({ filter: { ...old, text, found: text.trim() ? old.found : null } });
  };
  return html`<label class="search">
    <${Icon} name="search" />
    <input type="search" data-search dir="auto" placeholder=${t("task.filter.search")} aria-label=${t("task.filter.search")}
      value=${filter.text} onInput=${typed}
      onCompositionStart=${() => (isComposing.current = true)}
      onCompositionEnd=${(/** @type {any} */ event) => ((isComposing.current = false), typed(event))}
      onKeyDown=${leave} />
    ${error && html`<span class="error" role="alert">${error}</span>`}
  </label>`;
}

/** Escape and Enter give the keys back to the steps. @param {KeyboardEvent} event */
function leave(event) {
  if (event.isComposing || event.keyCode === 229) return;
  if (event.key === "Escape" || event.key === "Enter") /** @type {HTMLElement} */ (event.target).blur();
}
