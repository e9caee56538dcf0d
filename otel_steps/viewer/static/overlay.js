// What an agent did, drawn on the picture it saw: shapes from a step (pure), and their drawing.
//
// Coordinates are the agent's own: 0-1000 of the picture's width and height, whatever its size.

import { html } from "./lib.js";
import { kindAt } from "./task/steps.js";

/** @typedef {import("./task/steps.js").Index} Index */
/**
 * @typedef {object} Shape
 * @property {string} marker What is drawn: the kind of the action, or attempt.
 * @property {number} x
 * @property {number} y
 * @property {number} [x2] End of a swipe.
 * @property {number} [y2]
 * @property {string} [text]
 * @property {boolean | null} [isGuessed] Only the numbers tell what they count in.
 * @property {boolean} [isOutside] The agent's point is not on the picture; x and y are the nearest that are.
 */

// Where a phone has these keys, and where a notice does not hide what it speaks of.
/** @type {Record<string, [number, number]>} */
const PLACES = { back: [250, 975], home: [500, 975], launch: [500, 470], type: [500, 900], finish: [500, 120] };
const MIDDLE = /** @type {[number, number]} */ ([500, 500]);
const ATTEMPTS = 8;
const RINGS = new Set(["tap", "double_tap", "long_press", "right_click", "hover"]);

/**
 * What is to be drawn on the picture of a step, the faint first.
 *
 * @param {any} step The step's row, or null where it is not loaded: the index alone is enough for
 *   everything but the full text and the time of a wait.
 * @param {Index} index
 * @param {number} position
 * @param {{hasAttempts?: boolean}} [options] Where the same thing was tried before is drawn, too.
 * @returns {Shape[]}
 */
export function overlayOf(step, index, position, { hasAttempts = false } = {}) {
  const marker = kindAt(index, position);
  if (marker === "") return [];
  const point = pointAt(index, position);
  const text = textOf(marker, step, index, position);
  if (marker === "swipe") return point ? [swipe(index, position, point)] : [];
  if (RINGS.has(marker)) {
    return point ? [...(hasAttempts ? attempts(index, position) : []), { marker, ...point, text }] : [];
  }
  return [{ marker, ...(point ?? placeOf(marker, index, position)), text }];
}

/** @param {Index} index @param {number} position @param {{x: number, y: number, isOutside: boolean}} from */
function swipe(index, position, from) {
  const to = onPicture(index.x2[position], index.y2[position]) ?? from;
  const isOutside = from.isOutside || to.isOutside;
  return { ...from, marker: "swipe", x2: to.x, y2: to.y, isOutside };
}

/** @param {Index} index @param {number} position */
function pointAt(index, position) {
  const point = onPicture(index.x[position], index.y[position]);
  return point && { ...point, isGuessed: index.is_guessed?.[position] };
}

/** @param {number | null} x @param {number | null} y */
function onPicture(x, y) {
  if (x == null || y == null || !Number.isFinite(x) || !Number.isFinite(y)) return null;
  const shown = { x: Math.min(Math.max(x, 0), 1000), y: Math.min(Math.max(y, 0), 1000) };
  return { ...shown, isOutside: shown.x !== x || shown.y !== y };
}

/** @param {string} marker @param {Index} index @param {number} position */
function placeOf(marker, index, position) {
  const focus = marker === "type" ? lastTap(index, position) : null;
  const [x, y] = PLACES[marker] ?? MIDDLE;
  return focus ? { x: focus.x, y: focus.y } : { x, y };
}

/** Text goes where the last tap set the cursor, unless something else came in between.
 * @param {Index} index @param {number} position */
function lastTap(index, position) {
  for (let at = position - 1; at >= 0; at--) {
    const marker = kindAt(index, at);
    if (marker === "tap" || marker === "double_tap") return pointAt(index, at);
    if (marker !== "type" && marker !== "wait" && marker !== "") return null;
  }
  return null;
}

/** Where the same thing was tried in the steps before, nearest first.
 * @param {Index} index @param {number} position @returns {Shape[]} */
function attempts(index, position) {
  const found = [];
  for (let at = position - 1; at >= 0 && found.length < ATTEMPTS; at--) {
    if (kindAt(index, at) === "wait") continue;
    const isSame = index.action[at] === index.action[position] && index.app[at] === index.app[position];
    const point = isSame ? pointAt(index, at) : null;
    if (!point) break;
    found.push({ marker: "attempt", ...point });
  }
  return found;
}

/** @param {string} marker @param {any} step @param {Index} index @param {number} position */
function textOf(marker, step, index, position) {
  const action = step?.action ?? {};
  if (marker === "wait") return action.duration == null ? "" : String(action.duration);
  if (marker === "type") return action.text ?? index.label[position] ?? "";
  if (RINGS.has(marker)) {
    return `${index.x[position]}, ${index.y[position]}`;
  }
  return action.message ?? action.app ?? index.label[position] ?? "";
}

/**
 * The shapes over a picture. Its parent is positioned and has the picture's size.
 *
 * @param {object} props
 * @param {Shape[]} props.shapes
 * @param {number} props.ratio Width by height of the picture: the direction of an arrow depends on it.
 * @param {(name: string) => any} props.icon Draws an icon by a marker's name.
 * @param {(marker: string) => string} props.word Names a marker.
 */
export function Overlay({ shapes, ratio, icon, word }) {
  return html`<div class="overlay" aria-hidden="true">
    <svg viewBox="0 0 1000 1000" preserveAspectRatio="none">
      ${shapes.filter((shape) => shape.marker === "swipe").map((shape) => html`<${Line} shape=${shape} />`)}
    </svg>
    ${shapes.map((shape, at) => html`<${Marker} key=${at} ...${{ shape, ratio, icon, word }} />`)}
  </div>`;
}

/** A dark line below the bright one: an arrow is to be seen on any picture. @param {{shape: Shape}} props */
function Line({ shape }) {
  const ends = { x1: shape.x, y1: shape.y, x2: shape.x2, y2: shape.y2 };
  return html`<g>
    <line class="swipe-edge" vector-effect="non-scaling-stroke" ...${ends} />
    <line class="swipe-line" vector-effect="non-scaling-stroke" ...${ends} />
  </g>`;
}

/** @param {{shape: Shape, ratio: number, icon: (name: string) => any, word: (marker: string) => string}} props */
function Marker({ shape, ratio, icon, word }) {
  const { marker } = shape;
  const place = { left: `${shape.x / 10}%`, top: `${shape.y / 10}%` };
  const hooks = { "data-marker": marker, "data-x": shape.x, "data-y": shape.y };
  const side = (shape.isOutside ? ` marker-outside ${sidesOf(shape)}` : "") + (shape.isGuessed ? " marker-guessed" : "");
  if (marker === "swipe") return html`<${Swipe} ...${{ shape, ratio, hooks, side }} />`;
  if (marker === "attempt" || RINGS.has(marker)) {
    return html`<div class=${`marker marker-${marker}${side}`} style=${place} ...${hooks}><i></i><b></b>
      ${shape.isOutside && shape.text && html`<span class="marker-label">${shape.text}</span>`}</div>`;
  }
  // Kept off the edges, where a bubble would be cut.
  const inside = { left: `${Math.min(Math.max(shape.x, 160), 840) / 10}%`, top: place.top };
  return html`<div class=${`marker chip marker-${marker}`} style=${inside} ...${hooks}>
    ${icon(marker)}<span dir="auto">${shape.text || word(marker)}</span>
  </div>`;
}

/** Which edges a label must turn away from. @param {Shape} shape */
const sidesOf = ({ x, y }) => `${x > 500 ? "is-right" : "is-left"}${y < 100 ? " is-high" : ""}`;

/** @param {{shape: Shape, ratio: number, hooks: any, side: string}} props */
function Swipe({ shape, ratio, hooks, side }) {
  const { x, y, x2 = x, y2 = y } = shape;
  const turn = Math.atan2(y2 - y, (x2 - x) * ratio);
  const head = { left: `${x2 / 10}%`, top: `${y2 / 10}%`, "--turn": `${turn}rad` };
  const run = { "--x": `${x / 10}%`, "--y": `${y / 10}%`, "--x2": `${x2 / 10}%`, "--y2": `${y2 / 10}%` };
  return html`<div class=${`marker marker-swipe-start${side}`} style=${{ left: run["--x"], top: run["--y"] }} ...${hooks}
      data-x2=${x2} data-y2=${y2}></div>
    <div class="marker marker-swipe-dot" style=${run}></div>
    <div class="marker marker-swipe-head" style=${head}></div>`;
}
