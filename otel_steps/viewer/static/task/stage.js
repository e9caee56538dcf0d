// The pictures of the selected step: as a pair, one at a time, under a slider, or as what differs.

import { html, useEffect } from "../lib.js";
import { Icon } from "../icons.js";
import { t } from "../i18n.js";
import { useBody } from "./bodies.js";
import { MODES } from "./address.js";
import { changeOf } from "./commands.js";
import { lazily } from "./lazy.js";
import { titleOf } from "./naming.js";
import { NoPicture, Picture } from "./picture.js";
import { useFact } from "./state.js";
import { isRunning, numberAfter, pictureAfter, ratioAt } from "./steps.js";
import { UNZOOMED, closeUp } from "./zoom.js";

/** @typedef {import("./bodies.js").Kit} Kit */
/** @typedef {{kit: Kit, position: number, body: any, hasOverlay: boolean}} Parts */

const FOLLOW_SCALE = 1.8;
const AHEAD = [1, 2, -1];

/** @param {{kit: Kit}} props */
export function Stage({ kit }) {
  const { session } = kit;
  const position = useFact(session, (state) => state.position);
  const mode = useFact(session, (state) => state.mode);
  const { body } = useBody(kit);
  const isDrawn = useFact(session, (state) => state.hasOverlay && state.phase !== "before");
  useFollowing(session);
  usePrefetch(kit, position);
  const View = VIEWS[mode];
  return html`<section class="stage" aria-label=${t("task.pictures")} data-mode=${mode}>
    <div class="stage-view">
      ${position < 0
        ? html`<${NoPicture} text=${t("task.noSteps")} />`
        : html`<${View} ...${{ kit, position, body, hasOverlay: isDrawn }} />`}
      <${Subtitle} session=${session} body=${body} />
    </div>
    <${Toolbar} session=${session} />
  </section>`;
}

/** @type {Record<string, (parts: Parts) => any>} */
const VIEWS = { pair: Pair, single: Single, slider: lazily(() => import("./slider.js")), diff: lazily(() => import("./difference.js")) };

/** @param {Parts} props */
function Pair({ kit, position, body, hasOverlay }) {
  const index = useFact(kit.session, (state) => state.index);
  const phase = useFact(kit.session, (state) => state.phase);
  return html`<div class="pair" data-phase=${phase} style=${{ "--ratio": ratioAt(index, position) }}>
    <figure class="figure-before"><figcaption>${t("task.before")} <span>${index.number[position]}</span></figcaption>
      <${Picture} ...${{ kit, position, body, hasOverlay }} side="before" /></figure>
    <span class="pair-arrow" aria-hidden="true">→</span>
    <figure class="figure-after"><figcaption>${t("task.after")} <span>${numberAfter(index, position)}</span></figcaption>
      <${After} kit=${kit} position=${position} /></figure>
  </div>`;
}

/** @param {{kit: Kit, position: number}} props */
function After({ kit, position }) {
  const index = useFact(kit.session, (state) => state.index);
  if (pictureAfter(index, position)) {
    const own = index.after[position];
    return html`<${Picture} ...${{ kit, position: own ? position : position + 1, own, body: null, hasOverlay: false }} side="after" />`;
  }
  const isLast = position === index.count - 1;
  const word = isLast ? (isRunning(index, position) ? "task.picture.notYet" : "task.picture.noLater") : "task.picture.none";
  return html`<${NoPicture} text=${t(word)} />`;
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

/** @param {{session: import("./state.js").Session}} props */
function Toolbar({ session }) {
  const mode = useFact(session, (state) => state.mode);
  const hasOverlay = useFact(session, (state) => state.hasOverlay);
  const scale = useFact(session, (state) => state.zoom.scale);
  return html`<div class="toolbar">
    <div class="segments" role="radiogroup" aria-label=${t("task.mode")}>
      ${MODES.map((name) => html`<button type="button" role="radio" aria-checked=${name === mode} data-set-mode=${name}
        onClick=${() => session.set({ mode: name })}>${t(`task.mode.${name}`)}</button>`)}
    </div>
    <button type="button" class="toggle" aria-pressed=${hasOverlay} title=${t("task.key.overlay")}
      onClick=${() => session.set({ hasOverlay: !hasOverlay })}><${Icon} name="tap" />${t("task.overlay")}</button>
    <button type="button" class="toggle" aria-pressed=${scale > 1} title=${t("task.key.zoom")}
      onClick=${() => session.set(changeOf("zoom", session.state))}><${Icon} name="zoom" />${Math.round(scale * 100)} %</button>
  </div>`;
}

/** One line of what the agent thought, as in a film. @param {{session: import("./state.js").Session, body: any}} props */
function Subtitle({ session, body }) {
  const isShown = useFact(session, (state) => state.hasSubtitles && state.isPlaying);
  const index = useFact(session, (state) => state.index);
  const position = useFact(session, (state) => state.position);
  if (!isShown || position < 0) return null;
  const line = firstSentence(body?.step?.thinking ?? "");
  return html`<p class="subtitle">${line || titleOf(index, position)}</p>`;
}

/** @param {string} text */
export const firstSentence = (text) => text.trim().match(/^[^\n]*?[。！？!?]|^[^\n]*?\.(?=\s)|^[^\n]+/)?.[0] ?? "";

/** The player goes near where the agent acts, and back. @param {import("./state.js").Session} session */
function useFollowing(session) {
  const isClose = useFact(session, (state) => state.isFollowing && state.isPlaying && state.phase === "action");
  const isOn = useFact(session, (state) => state.isFollowing && state.isPlaying);
  const position = useFact(session, (state) => state.position);
  useEffect(() => {
    if (!isOn) return;
    const { index } = session.state;
    const [x, y] = [index.x[position], index.y[position]];
    session.set({ zoom: isClose && x != null && y != null ? closeUp({ x, y }, FOLLOW_SCALE) : UNZOOMED });
  }, [session, isOn, isClose, position]);
}

/** Pictures and text of the steps beside this one, so that the next key press shows them at once.
 * @param {Kit} kit @param {number} position */
function usePrefetch({ session, source, bodies }, position) {
  useEffect(() => {
    const timer = setTimeout(() => {
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
