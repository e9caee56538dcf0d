// The page of a task: what the agent saw, thought and did, step by step.

import { html, useEffect, useLayoutEffect, useMemo, useRef, useState } from "../lib.js";
import { errorText, learn, t } from "../i18n.js";
import { sheet } from "../sheets.js";
import { embedding, parsed, written } from "./address.js";
import { Bodies } from "./bodies.js";
import { copied } from "./clipboard.js";
import { beginning, changeOf, isChange, isGoingAlong, newest, selected } from "./commands.js";
import { Details } from "./details.js";
import { useFullScreen } from "./full.js";
import { Guarded } from "./guarded.js";
import { Header } from "./header.js";
import { columnsOf, keep, kept } from "./kept.js";
import { KEYS, commandOf } from "./keys.js";
import { lazily } from "./lazy.js";
import { useLive } from "./live.js";
import { toggleMark } from "./marked.js";
import { Player } from "./player.js";
import { Stage } from "./stage.js";
import { Session, opened, useFact } from "./state.js";
import { StepList } from "./steplist.js";
import { Strip } from "./strip.js";

/** @typedef {import("./bodies.js").Kit} Kit */

const Spans = lazily(async () => (await Promise.all([import("./allspans.js"), learn("spans"), sheet("spans.css")]))[0]);
const Help = lazily(async () => (await Promise.all([import("../help.js"), learn("keys")]))[0]);
/** @type {import("../help.js").Key[]} */
const HELP = KEYS.map(([keys, command]) => [keys, `task.key.${command}`]);
// The pictures come first; the place of the map is kept for it.
const Minimap = lazily(async () => ({ default: (await import("./minimap.js")).Minimap }));
const SAID_MS = 2500;
// Browsers refuse more than about twenty changes of the address a second, and a held key makes more.
const ADDRESS_MS = 150;

/** @param {{source: any, taskId: string, route?: any}} props */
export default function TaskView({ source, taskId }) {
  const { kit, error } = useKit(source, taskId);
  if (error) return html`<main id="main" class="message" role="alert"><h1>${t("task.failed")}</h1><p>${error}</p></main>`;
  if (!kit) return html`<main id="main" class="message" aria-busy="true"><p>${t("task.loading")}</p></main>`;
  return html`<${Page} key=${taskId} kit=${kit} />`;
}

/** @param {any} source @param {string} taskId @returns {{kit: Kit | null, error: string}} */
function useKit(source, taskId) {
  const [state, setState] = useState({ taskId: "", kit: /** @type {Kit | null} */ (null), error: "" });
  useEffect(() => {
    let isWanted = true;
    const done = (/** @type {Kit | null} */ kit, error = "") => isWanted && setState({ taskId, kit, error });
    prepared(source, taskId).then((kit) => done(kit), (error) => done(null, errorText(error)));
    return () => {
      isWanted = false;
    };
  }, [source, taskId]);
  return state.taskId === taskId ? state : { kit: null, error: "" };
}

/** @param {any} source @param {string} taskId @returns {Promise<Kit>} */
async function prepared(source, taskId) {
  const [{ task, why }, index] = await Promise.all([source.task(taskId), source.index(taskId)]);
  const session = new Session(opened({ ...task, why }, index));
  // A film begins where it begins.
  if (!embedding(location.search).isEmbedded) session.set(beginning(session.state));
  goTo(session, location.hash);
  // What there is elsewhere is nothing to wait for.
  source.health().then(
    (/** @type {any} */ { trace_url = null, has_video = false }) => session.set({ traceUrl: trace_url, hasVideo: has_video }),
    () => undefined,
  );
  return { source, session, taskId, bodies: new Bodies(source, taskId) };
}

/** @param {Session} session @param {string} hash */
function goTo(session, hash) {
  const { number, mode, isLive, flag, text } = parsed(hash);
  if (flag || text) session.set({ filter: { ...session.state.filter, flag, text } });
  const at = number === null ? -1 : session.state.index.number.indexOf(number);
  const where = isLive ? newest(session.state) : at < 0 ? {} : selected(session.state, at);
  session.set({ ...where, ...(mode ? { mode } : {}) });
}

/** @param {{kit: Kit}} props */
function Page({ kit }) {
  const { session } = kit;
  const [marked, setMarked] = useState(/** @type {string | null} */ (null));
  const { isEmbedded, isAutoplaying } = embedding(location.search);
  const mark = () => setMarked(toggleMark(kit.taskId));
  useKeys(kit, mark);
  useLive(kit);
  useAddress(session);
  useKept(session);
  const page = useRef(/** @type {HTMLElement | null} */ (null));
  const isFull = useFullScreen(session, page);
  const columns = useMemo(() => columnsOf(kept()), []);
  const title = useFact(session, (state) => state.task.task_description || state.task.task_id);
  useEffect(() => {
    document.title = `${title} · otel-steps`;
  }, [title]);
  useEffect(() => {
    // Who asked for less motion starts the film by hand.
    if (isAutoplaying && !matchMedia("(prefers-reduced-motion: reduce)").matches) session.set(changeOf("play", session.state));
  }, [session]);
  const guarded = (/** @type {any} */ Part) => html`<${Guarded} session=${session}><${Part} kit=${kit} /><//>`;
  if (isEmbedded) {
    return html`<main id="main" class=${`task task-embedded${isFull ? " is-full" : ""}`} ref=${page}>
      ${guarded(Stage)}${guarded(Player)}<${Said} session=${session} /></main>`;
  }
  return html`<main id="main" class=${isFull ? "task is-full" : "task"} ref=${page}>
    <${Guarded} session=${session}><${Header} ...${{ kit, marked }} onMark=${mark} /><//>
    <div class="minimap-place">${guarded(Minimap)}</div>
    ${[Strip, Player].map(guarded)}
    <div class="columns" ...${columns}>${[StepList, Stage, Details].map(guarded)}</div>
    <${SpansOnDemand} kit=${kit} />
    <${HelpOnDemand} session=${session} />
    <${Said} session=${session} />
  </main>`;
}

/** @param {{session: Session}} props */
function HelpOnDemand({ session }) {
  const isOpen = useFact(session, (state) => state.isHelpOpen);
  return isOpen ? html`<${Help} keys=${HELP} close=${() => session.set({ isHelpOpen: false })} />` : null;
}

/** @param {{kit: Kit}} props */
function SpansOnDemand({ kit }) {
  const isOpen = useFact(kit.session, (state) => state.areSpansOpen);
  return isOpen ? html`<${Spans} kit=${kit} />` : null;
}

/** @param {Kit} kit @param {() => void} mark */
function useKeys(kit, mark) {
  // Before anything is painted: a key that is pressed at once counts, too.
  useLayoutEffect(() => {
    const { session } = kit;
    /** @type {Record<string, () => void>} */
    const others = {
      search: () => focus("[data-search]"),
      note: () => focus("[data-note]"),
      stepNote: () => focus("[data-step-note]"),
      stepTags: () => focus("[data-step-tags]"),
      good: () => found("[data-subject=step] [data-rate='1']")?.click(),
      bad: () => found("[data-subject=step] [data-rate='-1']")?.click(),
      copyLink: () => void copied(session, location.href),
      copyAction: () => void copyAction(kit),
      mark,
    };
    const press = (/** @type {KeyboardEvent} */ event) => {
      const command = commandOf(event);
      if (!command || (session.state.isHelpOpen && !["help", "close"].includes(command))) return;
      // Escape is the browser's too: it ends the full screen.
      if (command !== "close") event.preventDefault();
      if (isChange(command)) session.set(changeOf(command, session.state));
      else others[command]();
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, [kit]);
}

/** @param {string} selector */
const focus = (selector) => found(selector)?.focus();

/** @param {string} selector @returns {HTMLElement | null} */
const found = (selector) => document.querySelector(selector);

/** @param {Kit} kit */
async function copyAction({ session, bodies }) {
  const { index, position } = session.state;
  if (position < 0) return;
  const { step } = await bodies.load(index, position);
  await copied(session, JSON.stringify(step.action, null, 2));
}

/** The address follows the step and the mode, and the other way round. @param {Session} session */
function useAddress(session) {
  const number = useFact(session, (state) => state.index.number[state.position] ?? null);
  const mode = useFact(session, (state) => state.mode);
  const isLive = useFact(session, isGoingAlong);
  const flag = useFact(session, (state) => state.filter.flag);
  const text = useFact(session, (state) => state.filter.text);
  useEffect(() => {
    if (number === null) return undefined;
    const timer = setTimeout(() => {
      const hash = written(isLive ? null : number, mode, { flag, text });
      if (location.hash !== hash) history.replaceState(history.state, "", new URL(hash, location.href));
    }, ADDRESS_MS);
    return () => clearTimeout(timer);
  }, [number, mode, isLive, flag, text]);
  useEffect(() => {
    const go = () => goTo(session, location.hash);
    addEventListener("hashchange", go);
    return () => removeEventListener("hashchange", go);
  }, [session]);
}

/** What the reader chose for this page is there on the next. @param {Session} session */
function useKept(session) {
  const isStripOpen = useFact(session, (state) => state.isStripOpen);
  const hasAttempts = useFact(session, (state) => state.hasAttempts);
  useEffect(() => {
    const { isStripOpen: wasOpen = true, hasAttempts: had = false } = kept();
    if (wasOpen !== isStripOpen || had !== hasAttempts) keep({ isStripOpen, hasAttempts });
  }, [isStripOpen, hasAttempts]);
}

/** @param {{session: Session}} props */
function Said({ session }) {
  const said = useFact(session, (state) => state.said);
  useEffect(() => {
    if (!said) return undefined;
    const timer = setTimeout(() => session.set({ said: "" }), SAID_MS);
    return () => clearTimeout(timer);
  }, [said]);
  return html`<div class="said" role="status" aria-live="polite" data-shown=${said !== ""}>${said}</div>`;
}
