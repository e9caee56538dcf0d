// The lines beside the pictures: dragged, or moved by keys, they share the width out; where they stand is kept.

import { html, useLayoutEffect, useRef, useState } from "../lib.js";
import { t } from "../i18n.js";
import { styled } from "../styled.js";
import { PANELS, columnsOf, keep, kept } from "./kept.js";

/** @typedef {"list" | "details"} Panel */

/** @type {Record<Panel, string>} */
const SELECTORS = { list: ".steplist", details: ".details" };
// Of the columns' width: the pictures keep the rest.
/** @type {Record<Panel, number>} */
const LARGEST = { list: 0.34, details: 0.45 };
// Narrower than this a panel says nothing, and is closed.
const NARROWEST_PX = 170;
const STEP_PX = 24;
const FAR_PX = 120;

styled(`
  .splitter { position: absolute; inset-block: 0; z-index: 6; width: 11px; cursor: col-resize; touch-action: none; }
  .splitter::after { content: ""; position: absolute; inset-block: 0; inset-inline-start: 5px; width: 1px; }
  .splitter::before { content: ""; position: absolute; top: 50%; inset-inline-start: 3px; width: 5px; height: 34px; margin-top: -17px; border-radius: 3px; background: var(--line); }
  .splitter:hover::after, .splitter:focus-visible::after { width: 2px; background: var(--accent); }
  .splitter:hover::before, .splitter:focus-visible::before { background: var(--accent); }
  .splitter:focus-visible { outline-offset: -3px; }
  .splitter-list { inset-inline-start: -5px; }
  .splitter-details { inset-inline-end: -5px; }
  @media (max-width: 960px) { .splitter { display: none; } }
  .is-full .splitter { display: none; }`);

export default function Splitters() {
  return PANELS.map((name) => html`<${Splitter} key=${name} name=${name} />`);
}

/** @param {{name: Panel}} props */
function Splitter({ name }) {
  const line = useRef(/** @type {HTMLElement | null} */ (null));
  const drag = useRef({ x: 0, width: 0, isOn: false });
  const [size, setSize] = useState({ width: 0, largest: 0 });
  const columns = () => /** @type {HTMLElement} */ (line.current?.closest(".columns"));
  // A panel that cannot be drawn is not there.
  const panel = () => /** @type {HTMLElement | null} */ (columns().querySelector(SELECTORS[name]));
  const measured = () => {
    const all = columns().clientWidth;
    return { width: panel()?.offsetWidth ?? 0, largest: Math.floor(all * LARGEST[name]) };
  };
  const show = () => setSize(measured());
  useLayoutEffect(() => {
    const watch = new ResizeObserver(show);
    watch.observe(panel() ?? columns());
    return () => watch.disconnect();
  }, []);
  const set = (/** @type {number | undefined} */ wanted) => {
    const { largest } = measured();
    const width = wanted === undefined ? undefined : wanted < NARROWEST_PX ? 0 : Math.min(Math.round(wanted), largest);
    keep({ [name]: width });
    const { style, "data-closed": closed } = columnsOf(kept());
    if (width === undefined) columns().style.removeProperty(`--${name}`);
    else columns().style.setProperty(`--${name}`, style[`--${name}`]);
    columns().dataset.closed = closed;
    show();
  };
  const isList = name === "list";
  const wider = (/** @type {number} */ dx) => (isList ? dx : -dx);
  const press = (/** @type {KeyboardEvent} */ event) => {
    const { width, largest } = measured();
    const by = event.shiftKey ? FAR_PX : STEP_PX;
    /** @type {Record<string, () => number | undefined>} */
    const moves = {
      ArrowLeft: () => moved(width, wider(-by)),
      ArrowRight: () => moved(width, wider(by)),
      Home: () => 0,
      End: () => largest,
      Enter: () => (width === 0 ? undefined : 0),
    };
    if (!moves[event.key] || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    set(moves[event.key]());
  };
  return html`<div class=${`splitter splitter-${name}`} ref=${line} role="separator" tabindex="0" aria-orientation="vertical"
    aria-label=${t(`task.split.${name}`)} title=${t("task.split.hint")} aria-valuemin="0" aria-valuemax=${size.largest}
    aria-valuenow=${Math.min(size.width, size.largest)} data-splitter=${name}
    onKeyDown=${press} onDblClick=${() => set(undefined)}
    onPointerDown=${(/** @type {PointerEvent} */ event) => {
      if (event.button !== 0) return;
      line.current?.setPointerCapture(event.pointerId);
      drag.current = { x: event.clientX, width: measured().width, isOn: true };
    }}
    onPointerMove=${(/** @type {PointerEvent} */ event) => {
      const { isOn, x, width } = drag.current;
      if (isOn && event.clientX !== x) set(width + wider(event.clientX - x));
    }}
    onPointerUp=${() => (drag.current.isOn = false)} onPointerCancel=${() => (drag.current.isOn = false)}></div>`;
}

/** A key opens a closed panel at once, and closes it where a step would leave it too narrow.
 * @param {number} width @param {number} by */
function moved(width, by) {
  return width === 0 && by > 0 ? Math.max(by, NARROWEST_PX) : width + by;
}
