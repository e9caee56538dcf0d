// The whole task on one line: a bar a step, its height the time it took. Dragging chooses a range of steps.

import { html, useEffect, useLayoutEffect, useMemo, useRef, useState } from "../lib.js";
import { t } from "../i18n.js";
import { barsOf, edgesOf } from "./bars.js";
import { positionAt } from "./clock.js";
import { selected } from "./commands.js";
import { useFact } from "./state.js";
import { FAILED, FLAGGED, PLAIN, RUNNING } from "./steps.js";

/** @typedef {import("./steps.js").Index} Index */
/** @typedef {import("./bodies.js").Kit} Kit */
/** @typedef {import("./state.js").Axis} Axis */
/** @typedef {import("./bars.js").Bar} Bar */

/** @type {Record<number, string>} */
const COLOURS = { [FAILED]: "--fail", [FLAGGED]: "--warn", [RUNNING]: "--run", [PLAIN]: "--minimap-bar" };
const HEIGHT = 32;
/** @type {Axis[]} */
const AXES = ["step", "time", "idle"];
// Steps of equal width need no more to be told apart.
const WIDEST_PX = 28;
// A hand that shakes is no drag.
const DRAG_PX = 4;

/** @param {{kit: Kit}} props */
export function Minimap({ kit }) {
  const { session } = kit;
  const index = useFact(session, (state) => state.index);
  const axis = useFact(session, (state) => state.axis);
  const edges = useMemo(() => edgesOf(index, axis), [index, axis]);
  return html`<section class="minimap" aria-label=${t("task.minimap")}>
    <${Chart} ...${{ kit, index, edges, widest: axis === "step" ? WIDEST_PX : Infinity }} />
    <div class="segments" role="radiogroup" aria-label=${t("task.axis")}>
      ${AXES.map((name) => html`<button type="button" role="radio" aria-checked=${name === axis}
        title=${t(`task.axis.${name}.hint`)} onClick=${() => session.set({ axis: name })}>${t(`task.axis.${name}`)}</button>`)}
    </div>
  </section>`;
}

/** @param {{kit: Kit, index: Index, edges: number[], widest: number}} props */
function Chart({ kit, index, edges, widest }) {
  const { session } = kit;
  const box = useRef(/** @type {HTMLElement | null} */ (null));
  const { drag, ...handlers } = useDrag(box, (from, to) => {
    const range = /** @type {[number, number]} */ ([positionAt(edges, from), Math.min(positionAt(edges, to), index.count - 1)]);
    session.set({ filter: { ...session.state.filter, range } });
  }, (share) => session.set({ ...selected(session.state, positionAt(edges, share)), isPlaying: false }));
  const clear = () => session.set({ filter: { ...session.state.filter, range: null } });
  return html`<div class="minimap-map" ref=${box} ...${handlers} onDblClick=${clear} title=${t("task.minimap.hint")}>
    <${Bars} ...${{ index, edges, widest }} />
    <${Range} kit=${kit} edges=${edges} drag=${drag} />
    <${Needle} kit=${kit} edges=${edges} />
  </div>`;
}

/**
 * Dragging over an element, in shares of its width.
 * @param {{current: HTMLElement | null}} box
 * @param {(from: number, to: number) => void} onDrag @param {(at: number) => void} onClick
 */
function useDrag(box, onDrag, onClick) {
  const [drag, setDrag] = useState(/** @type {[number, number] | null} */ (null));
  const start = useRef(/** @type {number | null} */ (null));
  const shareOf = (/** @type {PointerEvent} */ event) => {
    const { left, width } = /** @type {HTMLElement} */ (box.current).getBoundingClientRect();
    return { share: Math.min(Math.max((event.clientX - left) / width, 0), 0.999999), slack: DRAG_PX / width };
  };
  return {
    drag,
    onPointerDown: (/** @type {PointerEvent} */ event) => {
      if (event.button !== 0) return;
      start.current = shareOf(event).share;
      box.current?.setPointerCapture(event.pointerId);
    },
    onPointerMove: (/** @type {PointerEvent} */ event) => {
      if (start.current === null) return;
      const { share, slack } = shareOf(event);
      if (drag || Math.abs(share - start.current) > slack) {
        setDrag([Math.min(start.current, share), Math.max(start.current, share)]);
      }
    },
    onPointerUp: (/** @type {PointerEvent} */ event) => {
      if (start.current === null) return;
      if (drag) onDrag(...drag);
      else onClick(shareOf(event).share);
      start.current = null;
      setDrag(null);
    },
    onPointerCancel: () => {
      start.current = null;
      setDrag(null);
    },
  };
}

/** @param {{kit: Kit, edges: number[], drag: [number, number] | null}} props */
function Range({ kit, edges, drag }) {
  const range = useFact(kit.session, (state) => state.filter.range);
  if (!drag && !range) return null;
  const [from, to] = drag ?? (range && [edges[range[0]], edges[range[1] + 1] ?? 1]) ?? [0, 0];
  return html`<div class="minimap-range" style=${{ left: `${from * 100}%`, width: `${(to - from) * 100}%` }}></div>`;
}

/** @param {{kit: Kit, edges: number[]}} props */
function Needle({ kit, edges }) {
  const position = useFact(kit.session, (state) => state.position);
  if (position < 0) return null;
  const [left, end] = [edges[position], edges[position + 1] ?? 1];
  return html`<div class="minimap-needle" style=${{ left: `${left * 100}%`, width: `max(3px, ${(end - left) * 100}%)` }}></div>`;
}

/** @param {{index: Index, edges: number[], widest: number}} props */
function Bars({ index, edges, widest }) {
  const canvas = useRef(/** @type {HTMLCanvasElement | null} */ (null));
  const [width, setWidth] = useState(0);
  const scheme = useScheme();
  useLayoutEffect(() => {
    const element = /** @type {HTMLCanvasElement} */ (canvas.current);
    const watch = new ResizeObserver(() => setWidth(element.clientWidth));
    watch.observe(element);
    return () => watch.disconnect();
  }, []);
  useEffect(() => {
    if (canvas.current && width) paint(canvas.current, barsOf(index, edges, width), { width, widest });
  }, [index, edges, width, widest, scheme]);
  return html`<canvas ref=${canvas} role="img" aria-label=${t("task.minimap")}></canvas>`;
}

/** Changes when the page's colours do: a canvas does not follow them by itself. */
function useScheme() {
  const [scheme, setScheme] = useState(0);
  useEffect(() => {
    const look = () => setScheme((count) => count + 1);
    const watch = new MutationObserver(look);
    watch.observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
    const system = matchMedia("(prefers-color-scheme: dark)");
    system.addEventListener("change", look);
    return () => {
      watch.disconnect();
      system.removeEventListener("change", look);
    };
  }, []);
  return scheme;
}

/** @param {HTMLCanvasElement} canvas @param {Bar[]} bars @param {{width: number, widest: number}} size Pixels. */
function paint(canvas, bars, { width, widest }) {
  const density = devicePixelRatio || 1;
  canvas.width = width * density;
  canvas.height = HEIGHT * density;
  const pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  pen.scale(density, density);
  const colours = coloursOf(canvas);
  for (const { left, width: share, height, severity } of bars) {
    const slot = share * width;
    const wide = Math.min(Math.max(slot - (slot > 3 ? 1 : 0), 1), widest);
    const x = left * width + Math.max((slot - wide) / 2, 0);
    const tall = height * (HEIGHT - 8);
    pen.fillStyle = colours[severity];
    pen.fillRect(x, HEIGHT - tall, wide, tall);
    // Failed and flagged steps have a tick above as well, for those who do not see the colours.
    const tick = severity === FAILED ? 6 : severity === FLAGGED ? 3 : 0;
    pen.fillRect(x + wide / 2 - 1.5, 0, 3, tick);
  }
}

/** A canvas knows no variables of a style sheet, so the page works out what they stand for.
 * @param {HTMLElement} element @returns {Record<string, string>} */
function coloursOf(element) {
  const entries = Object.entries(COLOURS).map(([severity, name]) => {
    element.style.color = `var(${name})`;
    return [severity, getComputedStyle(element).color];
  });
  return Object.fromEntries(entries);
}
