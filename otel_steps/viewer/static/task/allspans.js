// The waterfall of the whole task below its pictures: every span of every instrumentation, and what had to be waited for.

import { html, useCallback, useEffect, useMemo, useState } from "../lib.js";
import { Icon } from "../icons.js";
import { percentText, t } from "../i18n.js";
import { Windowed } from "../window.js";
import { selected } from "./commands.js";
import { traceLink } from "./links.js";
import { lasted, titleOf } from "./naming.js";
import { SpanFacts, momentText } from "./spanfacts.js";
import { criticalPath, seenRows, ticksOf, treeOf } from "./spantree.js";
import { useFact } from "./state.js";

/** @typedef {import("./bodies.js").Kit} Kit */
/** @typedef {import("./spantree.js").Tree} Tree */
/** @typedef {import("./spantree.js").Row} Row */
/** @typedef {import("./spantree.js").Stretch} Stretch */
/** @typedef {Map<number, Stretch[]>} Path */

const HEIGHT = 24;
// Of a task with more, the steps come folded.
const UNFOLDED_UP_TO = 80;
const NAMES = 4;
const RELOAD_MS = 1000;

/** @param {{kit: Kit}} props */
export default function AllSpans({ kit }) {
  const { tree, error } = useTree(kit);
  const close = () => kit.session.set({ areSpansOpen: false });
  return html`<section class="all-spans" aria-label=${t("spans.title")}>
    ${tree && tree.rows.length > 0
      ? html`<${Waterfall} ...${{ kit, tree, close }} />`
      : html`<header class="all-spans-head"><h2>${t("spans.title")}</h2><p role=${error ? "alert" : "status"}>${error ? t("spans.failed", { error }) : t(tree ? "spans.none" : "spans.loading")}</p><${Close} close=${close} /></header>`}
  </section>`;
}

/** @param {{close: () => void}} props */
const Close = ({ close }) =>
  html`<button type="button" class="quiet all-spans-close" aria-label=${t("spans.close")} title=${t("spans.close")} onClick=${close}><${Icon} name="clear" /></button>`;

/** The spans as they are now; while the task runs, as they were a moment ago. @param {Kit} kit */
function useTree({ source, session, taskId }) {
  const version = useFact(session, (state) => state.index.version);
  const [state, setState] = useState({ tree: /** @type {Tree | null} */ (null), error: "" });
  useEffect(() => {
    let isWanted = true;
    const load = () =>
      source.waterfall(taskId).then(
        (/** @type {any} */ nodes) => isWanted && setState({ tree: treeOf(nodes), error: "" }),
        (/** @type {any} */ error) => isWanted && setState(({ tree }) => ({ tree, error: String(error?.message ?? error) })),
      );
    const timer = setTimeout(load, state.tree ? RELOAD_MS : 0);
    return () => {
      isWanted = false;
      clearTimeout(timer);
    };
  }, [source, taskId, version]);
  return state;
}

/** @param {{kit: Kit, tree: Tree, close: () => void}} props */
function Waterfall({ kit, tree, close }) {
  const { session } = kit;
  const index = useFact(session, (state) => state.index);
  const position = useFact(session, (state) => state.position);
  const path = useMemo(() => criticalPath(tree), [tree]);
  const steps = useMemo(() => new Map(tree.nodes.step_ids.map((id, node) => [id, node])), [tree]);
  const [folded, setFolded] = useState(() => new Set(tree.rows.length > UNFOLDED_UP_TO ? steps.values() : []));
  const [isCritical, setCritical] = useState(false);
  const [isOfStep, setOfStep] = useState(false);
  const here = steps.get(index.id[position]) ?? -1;
  const [chosen, setChosen] = useState(here);
  // Who goes to another step by a key finds it here, too; a span of this step stays chosen.
  const active = (tree.step[chosen] ?? -1) === here || (chosen >= 0 && tree.step[chosen] === null) ? chosen : here;
  const rows = useMemo(() => seenRows(tree, folded).filter(({ node }) => !isCritical || path.has(node)), [tree, folded, isCritical, path]);
  const at = rows.findIndex(({ node }) => node === active);
  const shown = /** @type {Stretch} */ (isOfStep && here >= 0 ? [tree.nodes.start_ms[here], Math.max(tree.end[here], tree.nodes.start_ms[here] + 1)] : [0, tree.whole]);
  const nameOf = useCallback((/** @type {number} */ node) => tree.nodes.name[node] ?? stepName(index, tree.nodes.step_ids[node]), [tree, index]);
  const choose = (/** @type {number} */ node) => {
    setChosen(node);
    const step = tree.step[node];
    const to = step === null || step === undefined ? -1 : index.id.indexOf(tree.nodes.step_ids[step]);
    if (to >= 0) session.set({ ...selected(session.state, to), isPlaying: false });
  };
  const fold = (/** @type {number} */ node, /** @type {boolean} */ isFolded) => {
    const more = new Set(folded);
    if (isFolded) more.add(node);
    else more.delete(node);
    setFolded(more);
  };
  const press = (/** @type {KeyboardEvent} */ event) => {
    const row = rows[at];
    const moves = { ArrowDown: at + 1, ArrowUp: Math.max(at - 1, 0), Home: 0, End: rows.length - 1 };
    if (event.key in moves) choose(rows[Math.min(moves[/** @type {keyof typeof moves} */ (event.key)], rows.length - 1)].node);
    else if (row?.hasChildren && (event.key === "ArrowLeft" || event.key === "ArrowRight")) fold(row.node, event.key === "ArrowLeft");
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const item = (/** @type {number} */ each, /** @type {string} */ id) => {
    const row = rows[each];
    const { node, hasChildren } = row;
    const isFolded = hasChildren ? folded.has(node) : undefined;
    return html`<${SpanRow} ...${{ id, row, tree, shown, path: path.get(node), name: nameOf(node), isFolded, isActive: node === active, choose, fold }} />`;
  };
  return html`<${Head} ...${{ kit, tree, path, active, isCritical, isOfStep, close }} onCritical=${() => setCritical(!isCritical)} onScale=${setOfStep}
      areFolded=${folded.size > 0} onFold=${() => setFolded(new Set(folded.size > 0 ? [] : steps.values()))} />
    <div class="all-spans-body">
      <div class="all-spans-tree" onKeyDown=${press}>
        <${Axis} shown=${shown} />
        <${Windowed} role="tree" count=${rows.length} size=${HEIGHT} active=${at} name="span" label=${t("spans.title")} item=${item} />
      </div>
      ${active >= 0 && html`<${SpanFacts} key=${active} ...${{ kit, tree, node: active, name: nameOf(active), path: path.get(active) }} />`}
    </div>`;
}

/** @param {import("./steps.js").Index} index @param {string} id */
function stepName(index, id) {
  const at = index.id.indexOf(id);
  return at < 0 ? "" : `${index.number[at]} ${titleOf(index, at)}`;
}

/**
 * @param {object} props
 * @param {Kit} props.kit @param {Tree} props.tree @param {Path} props.path @param {number} props.active
 * @param {boolean} props.isCritical @param {boolean} props.isOfStep @param {boolean} props.areFolded
 * @param {() => void} props.onCritical @param {(isOfStep: boolean) => void} props.onScale
 * @param {() => void} props.onFold @param {() => void} props.close
 */
function Head({ kit, tree, path, active, isCritical, isOfStep, areFolded, onCritical, onScale, onFold, close }) {
  const traceUrl = useFact(kit.session, (state) => state.traceUrl);
  const { nodes, whole } = tree;
  const href = active < 0 ? null : traceLink(traceUrl, { trace_id: nodes.traces[nodes.trace[active]], span_id: nodes.span_id[active] });
  const waited = useMemo(() => waitedFor(tree, path), [tree, path]);
  return html`<header class="all-spans-head">
    <h2>${t("spans.title")} <small>${t("spans.count", { count: tree.rows.length })} · ${lasted(whole)}</small></h2>
    <p title=${t("spans.waited.hint")}>${t("spans.waited")} ${waited.map(([name, ms]) => html`<span key=${name}><b>${name}</b> ${percentText(ms / whole)}</span>`)}</p>
    <div class="segments" role="radiogroup" aria-label=${t("spans.scale")}>${[false, true].map((isStep) => html`<button type="button" role="radio"
      aria-checked=${isStep === isOfStep} onClick=${() => onScale(isStep)}>${t(isStep ? "spans.scale.step" : "spans.scale.whole")}</button>`)}</div>
    <button type="button" class="toggle" aria-pressed=${isCritical} onClick=${onCritical}>${t("spans.critical")}</button>
    <button type="button" class="button" onClick=${onFold}>${t(areFolded ? "spans.unfold" : "spans.fold")}</button>
    ${href && html`<a class="button" href=${href} target="_blank" rel="noreferrer"><${Icon} name="external" />${t("spans.trace")}</a>`}
    <${Close} close=${close} />
  </header>`;
}

/** What most of the critical path was, by name. @param {Tree} tree @param {Path} path @returns {[string, number][]} */
function waitedFor({ nodes, whole }, path) {
  /** @type {Record<string, number>} */
  const sums = {};
  let known = 0;
  for (const [node, stretches] of path) {
    const ms = lengthOf(stretches);
    const name = nodes.name[node] ?? t("spans.step");
    sums[name] = (sums[name] ?? 0) + ms;
    known += ms;
  }
  sums[t("spans.idle")] = Math.max(whole - known, 0);
  return Object.entries(sums).filter(([, ms]) => ms / whole >= 0.005).sort(([, one], [, other]) => other - one).slice(0, NAMES);
}

/** @param {Stretch[]} stretches */
export const lengthOf = (stretches) => stretches.reduce((sum, [from, to]) => sum + to - from, 0);

/** @param {{shown: Stretch}} props */
function Axis({ shown }) {
  return html`<div class="span-line span-axis" aria-hidden="true"><span></span><span class="span-track">${ticksOf(shown, 6).map((at) =>
    html`<i style=${{ left: `${shareOf(at, shown)}%` }}>${momentText(at)}</i>`)}</span><span></span></div>`;
}

/** @param {number} at @param {Stretch} shown */
const shareOf = (at, [from, to]) => ((at - from) / (to - from)) * 100;

/** @param {Stretch} stretch @param {Stretch} shown */
function barOf([from, to], shown) {
  const [left, right] = [from, to].map((at) => Math.min(Math.max(shareOf(at, shown), 0), 100));
  return { left: `min(${left}%, 100% - 2px)`, width: `max(2px, ${right - left}%)` };
}

/**
 * @param {object} props
 * @param {string} props.id @param {Row} props.row @param {Tree} props.tree @param {Stretch} props.shown
 * @param {Stretch[] | undefined} props.path @param {string} props.name
 * @param {boolean | undefined} props.isFolded undefined where nothing is below it.
 * @param {boolean} props.isActive
 * @param {(node: number) => void} props.choose @param {(node: number, isFolded: boolean) => void} props.fold
 */
function SpanRow({ id, row: { node, depth }, tree: { nodes, end }, shown, path, name, isFolded, isActive, choose, fold }) {
  const start = nodes.start_ms[node];
  const isStep = node < nodes.step_ids.length;
  const isError = nodes.is_error[node];
  const isSeen = end[node] >= shown[0] && start <= shown[1];
  // What is folded away was waited for, too.
  const waited = path && isFolded ? [/** @type {Stretch} */ ([start, end[node]])] : path;
  const turn = (/** @type {MouseEvent} */ event) => {
    event.stopPropagation();
    fold(node, !isFolded);
  };
  return html`<div id=${id} role="treeitem" aria-level=${depth + 1} aria-selected=${isActive} aria-expanded=${isFolded === undefined ? undefined : !isFolded}
      class=${isStep ? "span-line is-step" : "span-line"} data-node=${node} onClick=${() => choose(node)}>
    <span class="span-name" style=${{ paddingInlineStart: `${Math.min(depth, 24) * 12}px` }}>
      <i class=${isFolded === false ? "span-fold is-open" : "span-fold"} onClick=${isFolded === undefined ? undefined : turn}>${isFolded !== undefined && html`<${Icon} name="chevron" />`}</i>
      ${isError && html`<span class="mark-fail"><${Icon} name="fail" /></span>`}<span>${name}</span></span>
    <span class="span-track">${isSeen && html`<i class=${isError ? "is-error" : ""} style=${barOf([start, end[node]], shown)}></i>`}
      ${waited?.filter(([from, to]) => to >= shown[0] && from <= shown[1]).map((stretch) => html`<b style=${barOf(stretch, shown)}></b>`)}</span>
    <span class="span-time">${nodes.duration_ms[node] === null ? "…" : lasted(nodes.duration_ms[node])}</span></div>`;
}
