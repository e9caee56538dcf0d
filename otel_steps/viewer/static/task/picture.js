// One picture of a step with what the agent did on it; both move together when it is zoomed.

import { html, useEffect, useLayoutEffect, useRef, useState } from "../lib.js";
import { Icon } from "../icons.js";
import { t } from "../i18n.js";
import { Overlay, overlayOf } from "../overlay.js";
import { iconOf } from "./marks.js";
import { altOf, wordOf } from "./naming.js";
import { useFact } from "./state.js";
import { flagsAt, ratioAt } from "./steps.js";
import { SNUG, keptInside, roomOf, transformOf } from "./zoom.js";

/** @typedef {import("./bodies.js").Kit} Kit */

const SEEN_WIDTH = 540;
// Drawn so much wider than it is, the small picture looks soft.
const SOFT_FROM = 1.4;
const BADGES = ["black", "sensitive"];
const REASON = "otel_steps.screenshot.error";

/**
 * @param {object} props
 * @param {Kit} props.kit
 * @param {number} props.position The step whose picture this is: the one that took it.
 * @param {"before" | "after"} props.side Of the selected step.
 * @param {string | null} [props.own] The picture after that step that is its own.
 * @param {any} props.body Body of the selected step, or null.
 * @param {boolean} props.hasOverlay
 * @param {any} [props.children] Lies over the picture, and moves with it.
 */
export function Picture({ kit, position, side, own = null, body, hasOverlay, children }) {
  const { session } = kit;
  const index = useFact(session, (state) => state.index);
  const wanted = useFact(session, (state) => state.zoom);
  const frame = useRef(/** @type {HTMLElement | null} */ (null));
  const readout = useRef(/** @type {HTMLElement | null} */ (null));
  const { room, width } = useRoom(frame);
  useHands(session, frame, readout);
  // The pictures of a pair are zoomed as one, and each keeps to its own pane.
  const zoom = wanted.scale > 1 ? keptInside(wanted, room) : wanted;
  const isSharp = zoom.scale * width * Math.min(devicePixelRatio || 1, 2) > SEEN_WIDTH * SOFT_FROM;
  const selected = side === "before" || own ? position : position - 1;
  const name = own ?? index.picture[position];
  const ratio = ratioAt(index, position);
  // The body is that of the selected step, whose picture is the one before.
  const reason = side === "before" ? (body?.step?.attributes?.[REASON] ?? "") : "";
  const hasAttempts = useFact(session, (state) => state.hasAttempts);
  const shapes = hasOverlay ? overlayOf(body?.step ?? null, index, position, { hasAttempts }) : [];
  return html`<div class=${zoom.scale > 1 ? "pane is-zoomed" : "pane"} style=${{ touchAction: zoom.scale > 1 ? "none" : "pan-y" }}>
    <div class="frame" ref=${frame} style=${{ "--ratio": ratio }} data-side=${side} data-picture-position=${position}>
      <div class="frame-moved" style=${{ transform: transformOf(zoom), "--zoom": zoom.scale }}>
        <${Image} kit=${kit} name=${name} alt=${altOf(index, selected, side)} reason=${reason} isSharp=${isSharp} />
        ${children}
        ${shapes.length > 0 && html`<${Overlay} key=${position} shapes=${shapes} ratio=${ratio} icon=${iconOf} word=${wordOf} />`}
      </div>
      <div class="frame-badges">
        ${BADGES.filter((flag) => !own && flagsAt(index, position).includes(flag)).map(
          (flag) => html`<span class="badge" data-badge=${flag}><${Icon} name="flag" />${t(`flag.${flag}`)}</span>`,
        )}
        ${reason && name && html`<p class="badge badge-reason" data-field="picture-error">${reason}</p>`}
      </div>
      <output class="readout" ref=${readout} aria-live="off"></output>
    </div>
  </div>`;
}

/**
 * Where the picture stands in its pane, and how wide it is there, in pixels.
 * @param {{current: HTMLElement | null}} frame @returns {{room: import("./zoom.js").Room, width: number}}
 */
function useRoom(frame) {
  const [seen, setSeen] = useState({ room: SNUG, width: 0 });
  useLayoutEffect(() => {
    const element = /** @type {HTMLElement} */ (frame.current);
    const pane = /** @type {HTMLElement} */ (element.parentElement);
    const measure = () => {
      const box = element.getBoundingClientRect();
      if (box.width > 0) setSeen({ room: roomOf(box, pane.getBoundingClientRect()), width: box.width });
    };
    const watch = new ResizeObserver(measure);
    watch.observe(element);
    watch.observe(pane);
    return () => watch.disconnect();
  }, [frame]);
  return seen;
}

/**
 * Zooming, panning and reading places off come a moment after the picture.
 * @param {import("./state.js").Session} session
 * @param {{current: HTMLElement | null}} frame @param {{current: HTMLElement | null}} readout
 */
function useHands(session, frame, readout) {
  useEffect(() => {
    const stop = new AbortController();
    import("./pointer.js").then(
      ({ listen }) => frame.current && listen(session, { frame: frame.current, readout, signal: stop.signal }),
      // Without them the picture is there all the same.
      () => undefined,
    );
    return () => stop.abort();
  }, [session, frame, readout]);
}

/**
 * The picture before stays until the next one is there, dimmed, so that nothing flashes.
 * @param {{kit: Kit, name: string | null, alt: string, reason?: string, isSharp?: boolean}} props
 */
export function Image({ kit, name, alt, reason = "", isSharp = false }) {
  const [loaded, setLoaded] = useState("");
  const [missing, setMissing] = useState("");
  const url = name ? kit.source.imageUrl(name, SEEN_WIDTH) : "";
  useEffect(() => setMissing(""), [url]);
  if (!name || !url || missing === url) {
    return html`<div class="picture-none" role="img" aria-label=${alt}>
      <${Icon} name="image" /><p>${t(name ? "task.picture.missing" : "task.picture.none")}</p>
      ${reason && html`<p data-field="picture-error">${reason}</p>`}</div>`;
  }
  const isStale = loaded !== "" && loaded !== name;
  return html`<img class=${isStale ? "is-stale" : loaded && "is-loaded"} src=${url} alt=${alt} draggable=${false} decoding="async"
    onLoad=${() => setLoaded(name)} onError=${() => setMissing(url)} />
    ${isSharp && html`<img src=${kit.source.imageUrl(name)} alt="" draggable=${false} decoding="async" />`}`;
}

/** @param {{text: string}} props */
export function NoPicture({ text }) {
  return html`<div class="pane"><div class="frame frame-none"><${Icon} name="image" /><p>${text}</p></div></div>`;
}
