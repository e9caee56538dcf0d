// The pictures of the selected step: as a pair, one at a time, under a slider, or as what differs.

import { html, useEffect, useLayoutEffect, useRef, useState } from "../lib.js";
import { Icon } from "../icons.js";
import { percentText, t } from "../i18n.js";
import { useBody } from "./bodies.js";
import { MODES, embedding } from "./address.js";
import { changeOf, newest } from "./commands.js";
import { lazily } from "./lazy.js";
import { NoPicture, Picture } from "./picture.js";
import { useFact } from "./state.js";
import { isRunning, numberAfter, pictureAfter, ratioAt } from "./steps.js";
import { isStacked } from "./zoom.js";

/** @typedef {import("./bodies.js").Kit} Kit */
/** @typedef {{kit: Kit, position: number, body: any, hasOverlay: boolean}} Parts */

const Splitters = lazily(() => import("./splitters.js"));
const Film = lazily(() => import("./film.js"));
const SimilarScreens = lazily(() => import("./similar.js"));
const AHEAD = [1, 2, -1];

/** @param {{kit: Kit}} props */
export function Stage({ kit }) {
  const { session } = kit;
  const position = useFact(session, (state) => state.position);
  const mode = useFact(session, (state) => state.mode);
  const { body } = useBody(kit);
  const isDrawn = useFact(session, (state) => state.hasOverlay && state.phase !== "before");
  const isFilm = useFact(session, (state) => state.isPlaying || state.isFull);
  usePrefetch(kit, position);
  const View = VIEWS[mode];
  return html`<section class="stage" aria-label=${t("task.pictures")} data-mode=${mode}>
    ${!embedding(location.search).isEmbedded && html`<${Splitters} />`}
    <div class="stage-view">
      ${position < 0
        ? html`<${NoPicture} text=${t("task.noSteps")} />`
        : html`<${View} ...${{ kit, position, body, hasOverlay: isDrawn }} />`}
      <${Unseen} session=${session} />
    </div>
    ${isFilm && html`<${Film} session=${session} body=${body} />`}
    <${Toolbar} kit=${kit} />
  </section>`;
}

/** @type {Record<string, (parts: Parts) => any>} */
const VIEWS = { pair: Pair, single: Single, slider: lazily(() => import("./slider.js")), diff: lazily(() => import("./difference.js")) };

/** @param {Parts} props */
function Pair({ kit, position, body, hasOverlay }) {
  const index = useFact(kit.session, (state) => state.index);
  const phase = useFact(kit.session, (state) => state.phase);
  const box = useRef(/** @type {HTMLElement | null} */ (null));
  const size = useSize(box);
  // A step with nothing after it gives the whole stage to what there is.
  const isAlone = !pictureAfter(index, position);
  const isHigh = size && !isAlone && isStacked(size, [ratioAt(index, position), ratioAt(index, shownAfter(index, position))]);
  return html`<div class=${isHigh ? "pair is-stacked" : isAlone ? "pair is-alone" : "pair"} data-phase=${phase} ref=${box}>
    <figure class="figure-before"><figcaption>${t("task.before")} <span>${index.number[position]}</span>
        ${isAlone && html` <i>${t(whyNone(index, position))}</i>`}</figcaption>
      <${Picture} ...${{ kit, position, body, hasOverlay }} side="before" /></figure>
    ${!isAlone && html`<figure class="figure-after"><figcaption>${t("task.after")} <span>${numberAfter(index, position)}</span></figcaption>
      <${After} kit=${kit} position=${position} /></figure>`}
  </div>`;
}

/** The step that took the picture after a step's action.
 * @param {import("./steps.js").Index} index @param {number} position */
const shownAfter = (index, position) => (index.after[position] ? position : position + 1);

/** @param {import("./steps.js").Index} index @param {number} position */
function whyNone(index, position) {
  if (position < index.count - 1) return "task.picture.none";
  return isRunning(index, position) ? "task.picture.notYet" : "task.picture.noLater";
}

/** Pixels of an element, null before it stands. @param {{current: HTMLElement | null}} box */
function useSize(box) {
  const [size, setSize] = useState(/** @type {{width: number, height: number} | null} */ (null));
  useLayoutEffect(() => {
    const element = /** @type {HTMLElement} */ (box.current);
    const measure = () => setSize({ width: element.clientWidth, height: element.clientHeight });
    measure();
    const watch = new ResizeObserver(measure);
    watch.observe(element);
    return () => watch.disconnect();
  }, [box]);
  return size;
}

/** @param {{kit: Kit, position: number}} props */
function After({ kit, position }) {
  const index = useFact(kit.session, (state) => state.index);
  if (!pictureAfter(index, position)) return html`<${NoPicture} text=${t(whyNone(index, position))} />`;
  const [shown, own] = [shownAfter(index, position), index.after[position]];
  return html`<${Picture} ...${{ kit, position: shown, own, body: null, hasOverlay: false }} side="after" />`;
}

/** @param {Parts} props */
function Single({ kit, position, body, hasOverlay }) {
  const phase = useFact(kit.session, (state) => state.phase);
  const index = useFact(kit.session, (state) => state.index);
  const side = phase === "after" ? "after" : "before";
  return html`<div class="single"><figure>
    <figcaption>${t(`task.phase.${phase}`)} <span>${index.number[position]}</span></figcaption>
    ${side === "after"
      ? html`<${After} kit=${kit} position=${position} />`
      : html`<${Picture} ...${{ kit, position, body, hasOverlay, side }} />`}
  </figure></div>`;
}

/** @param {{kit: Kit}} props */
function Toolbar({ kit }) {
  const { session, source } = kit;
  const mode = useFact(session, (state) => state.mode);
  const hasOverlay = useFact(session, (state) => state.hasOverlay);
  const hasAttempts = useFact(session, (state) => state.hasAttempts);
  const scale = useFact(session, (state) => state.zoom.scale);
  return html`<div class="toolbar">
    <div class="segments" role="radiogroup" aria-label=${t("task.mode")}>
      ${MODES.map((name) => html`<button type="button" role="radio" aria-checked=${name === mode} data-set-mode=${name}
        onClick=${() => session.set({ mode: name })}>${t(`task.mode.${name}`)}</button>`)}
    </div>
    <${Switch} session=${session} isOn=${hasOverlay} command="overlay" icon="tap">${t("task.overlay")}<//>
    <${Switch} session=${session} isOn=${hasAttempts} command="attempts" icon="clock">${t("task.attempts")}<//>
    <${Switch} session=${session} isOn=${scale > 1} command="zoom" icon="zoom">${percentText(scale)}<//>
    ${source.similar && html`<${Similar} kit=${kit} />`}
  </div>`;
}

/** The way to other tasks that came to such a screen. @param {{kit: Kit}} props */
function Similar({ kit }) {
  const [isOpen, setOpen] = useState(false);
  return html`<button type="button" class="toggle" aria-haspopup="dialog" onClick=${() => setOpen(true)}><${Icon} name="image" />${t("task.similar")}</button>
    ${isOpen && html`<${SimilarScreens} kit=${kit} close=${() => setOpen(false)} />`}`;
}

/** @param {{session: import("./state.js").Session, isOn: boolean, command: string, icon: string, children?: any}} props */
function Switch({ session, isOn, command, icon, children }) {
  return html`<button type="button" class="toggle" aria-pressed=${isOn} title=${t(`task.key.${command}`)} data-switch=${command}
    onClick=${() => session.set(changeOf(command, session.state))}><${Icon} name=${icon} />${children}</button>`;
}

/** The way to the steps that came in while the reader was elsewhere. @param {{session: import("./state.js").Session}} props */
function Unseen({ session }) {
  const unseen = useFact(session, (state) => state.unseen);
  if (!unseen) return null;
  return html`<button type="button" class="unseen" data-unseen=${unseen} onClick=${() => session.set(newest(session.state))}>
    ▼ ${t("task.unseen", { count: unseen })}</button>`;
}

/** Pictures and text of the steps beside this one, so that the next key press shows them at once.
 * @param {Kit} kit @param {number} position */
function usePrefetch({ session, source, bodies }, position) {
  useEffect(() => {
    const timer = setTimeout(() => {
      // What a full screen looks like is there before anybody asks for it.
      void import("./film.js").catch(() => undefined);
      const { index } = session.state;
      for (const at of AHEAD.map((by) => position + by).filter((at) => at >= 0 && at < index.count)) {
        for (const name of [index.picture[at], index.after[at]]) if (name) new globalThis.Image().src = source.imageUrl(name, 540);
        // What fails here is asked for again, and its failure shown, when the step is selected.
        bodies.load(index, at).catch(() => undefined);
      }
    }, 120);
    return () => clearTimeout(timer);
  }, [session, source, bodies, position]);
}
