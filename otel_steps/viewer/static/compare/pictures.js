// The pictures of both steps: beside each other, under a slider, what differs, or both actions on one.

import { html, useState } from "../lib.js";
import { Icon } from "../icons.js";
import { t } from "../i18n.js";
import { Overlay, overlayOf } from "../overlay.js";
import { Mask, differenceText, shareText } from "../task/differing.js";
import { iconOf } from "../task/marks.js";
import { altOf, titleOf, wordOf } from "../task/naming.js";
import { hasFailed, ratioAt } from "../task/steps.js";

/** @typedef {import("../task/steps.js").Index} Index */
/** @typedef {import("./pairs.js").Mode} Mode */
/**
 * One of the two steps.
 * @typedef {object} Side
 * @property {string} letter
 * @property {Index} index
 * @property {number | null} position
 * @property {any} step Its row, or null until it is there.
 */

/** @param {{source: any, mode: Mode, sides: Side[], differing: import("../task/differing.js").Differing}} props */
export function Pictures({ source, mode, sides, differing }) {
  const [a, b] = sides;
  const [one, other] = sides.map(pictureOf);
  if (mode === "side") return html`<div class="compare-pictures">${sides.map((side) => html`<${Alone} key=${side.letter} ...${{ source, side }} />`)}</div>`;
  if (!one || !other || a.position === null) return html`<div class="compare-pictures"><p class="hint">${t("compare.oneOnly")}</p></div>`;
  const parts = { slider: Slider, diff: Differing, taps: Taps };
  return html`<div class="compare-pictures"><${parts[mode]} ...${{ source, a, b, one, other, differing }} /></div>`;
}

/** @param {Side} side */
export const pictureOf = ({ index, position }) => (position === null ? null : index.picture[position]);

/** @param {{source: any, side: Side}} props */
function Alone({ source, side }) {
  const { letter, index, position } = side;
  if (position === null) {
    return html`<figure data-side=${letter} style=${{ "--ratio": 0.45 }}><figcaption><${Letter} letter=${letter} /></figcaption>
      <div class="pane"><div class="frame frame-none"><p>${t("compare.gap")}</p></div></div></figure>`;
  }
  return html`<figure data-side=${letter} style=${{ "--ratio": ratioAt(index, position) }}>
    <figcaption><${Letter} letter=${letter} /> <span>${titleOf(index, position)}</span></figcaption>
    <${Frame} ...${{ source, index, position }}><${Deed} side=${side} /><//>
  </figure>`;
}

/** @param {{letter: string}} props */
export const Letter = ({ letter }) => html`<b class="letter" data-letter=${letter}>${letter}</b>`;

/** @param {{source: any, index: Index, position: number, children?: any}} props */
function Frame({ source, index, position, children }) {
  const name = index.picture[position];
  const kind = hasFailed(index, position) ? "frame is-failed" : "frame";
  return html`<div class="pane"><div class=${kind} style=${{ "--ratio": ratioAt(index, position) }}><div class="frame-moved">
    ${name
      ? html`<${Shown} ...${{ source, name }} alt=${altOf(index, position, "before")} />`
      : html`<div class="picture-none"><${Icon} name="image" /><p>${t("task.picture.none")}</p></div>`}
    ${children}
  </div></div></div>`;
}

/** @param {{source: any, name: string, alt: string}} props */
const Shown = ({ source, name, alt }) => html`<img src=${source.imageUrl(name, 540)} alt=${alt} draggable=${false} decoding="async" />`;

/** What was done, drawn. @param {{side: Side, hasLetter?: boolean}} props */
function Deed({ side: { letter, index, position, step }, hasLetter = false }) {
  if (position === null) return null;
  // Earlier attempts are of one run; two runs on one picture would mix them.
  const shapes = overlayOf(step, index, position).filter(({ marker }) => !hasLetter || marker !== "attempt");
  if (shapes.length === 0) return null;
  const { x, y } = shapes[shapes.length - 1];
  return html`<div class=${hasLetter ? `deed deed-${letter}` : "deed"}>
    <${Overlay} key=${position} ...${{ shapes, ratio: ratioAt(index, position), icon: iconOf, word: wordOf }} />
    ${hasLetter && html`<b class="letter deed-letter" data-letter=${letter} style=${{ left: `${x / 10}%`, top: `${y / 10}%` }}>${letter}</b>`}</div>`;
}

/** @typedef {{source: any, a: Side & {position: number}, b: Side & {position: number}, other: string, differing: import("../task/differing.js").Differing}} Parts */

/** @param {Parts} props */
function Slider({ source, a, b, other }) {
  const [share, setShare] = useState(50);
  return html`<figure style=${{ "--ratio": ratioAt(a.index, a.position) }}>
    <figcaption><${Letter} letter="A" /> ${titleOf(a.index, a.position)} | <${Letter} letter="B" /> ${titleOf(b.index, b.position)}</figcaption>
    <${Frame} ...${{ source, ...a }}>
      <div class="slider-after" style=${{ clipPath: `inset(0 0 0 ${share}%)` }}>
        <${Shown} source=${source} name=${other} alt=${altOf(b.index, b.position, "before")} /></div>
      <div class="slider-line" style=${{ left: `${share}%` }}></div>
    <//>
    <input class="slider-input" type="range" min="0" max="100" step="0.5" value=${share} aria-label=${t("compare.slider")}
      onInput=${(/** @type {any} */ event) => setShare(Number(event.target.value))} />
  </figure>`;
}

/** @param {Parts} props */
function Differing({ source, a, differing }) {
  return html`<figure style=${{ "--ratio": ratioAt(a.index, a.position) }}>
    <figcaption><span role="status" data-difference=${differing.found?.share}>${
      differing.found ? t("compare.screen.share", { share: shareText(differing.found.share) }) : differenceText(differing)}</span></figcaption>
    <${Frame} ...${{ source, ...a }}><${Mask} found=${differing.found} /><//>
  </figure>`;
}

/** @param {Parts} props */
function Taps({ source, a, b }) {
  return html`<figure style=${{ "--ratio": ratioAt(a.index, a.position) }}>
    <figcaption>${t("compare.taps.hint")}</figcaption>
    <${Frame} ...${{ source, ...a }}>${[a, b].map((side) => html`<${Deed} key=${side.letter} side=${side} hasLetter />`)}<//>
  </figure>`;
}
