// The film strip: a thumbnail of every step.

import { html, useMemo } from "../lib.js";
import { t } from "../i18n.js";
import { Windowed } from "../window.js";
import { selected } from "./commands.js";
import { Mark, StepIcon } from "./marks.js";
import { actionWord, outcomeOf } from "./naming.js";
import { useFact } from "./state.js";
import { kindAt, ratioAt } from "./steps.js";

/** @typedef {import("./bodies.js").Kit} Kit */

// Of a tile, in pixels: its picture's height, what stands beside it, and between which widths a row is a strip.
const HIGH = 84;
const EDGES = 12;
const WIDTHS = [54, 150];

/** @param {{kit: Kit}} props */
export function Strip({ kit }) {
  const { session, source } = kit;
  const index = useFact(session, (state) => state.index);
  const position = useFact(session, (state) => state.position);
  const shown = useFact(session, (state) => state.shown);
  const isOpen = useFact(session, (state) => state.isStripOpen);
  const isShown = useMemo(() => (shown ? new Set(shown) : null), [shown]);
  const width = useMemo(() => widthOf(index), [index]);
  if (!isOpen) return null;
  return html`<div class="strip">
    <${Windowed} isRow count=${index.count} size=${width} active=${position} name="strip" label=${t("task.strip")}
      item=${(/** @type {number} */ at, /** @type {string} */ id) => {
        const dimmed = isShown && !isShown.has(at) ? " is-dimmed" : "";
        return html`<div id=${id} class=${`thumb${dimmed}`} role="option" aria-selected=${at === position}
          aria-label=${`${index.number[at]}, ${actionWord(index, at)}, ${outcomeOf(index, at)}`}
          data-step-position=${at} onClick=${() => session.set({ ...selected(session.state, at), isPlaying: false })}>
          <${Thumb} source=${source} index=${index} position=${at} />
        </div>`;
      }} />
  </div>`;
}

/** All tiles are as wide as most pictures need. @param {import("./steps.js").Index} index */
function widthOf(index) {
  const ratios = index.width.map((_, position) => ratioAt(index, position)).sort((one, other) => one - other);
  const usual = ratios[ratios.length >> 1] ?? 0;
  return Math.min(Math.max(Math.round(HIGH * usual) + EDGES, WIDTHS[0]), WIDTHS[1]);
}

/** @param {{source: any, index: import("./steps.js").Index, position: number}} props */
function Thumb({ source, index, position }) {
  const picture = index.picture[position];
  const [x, y] = [index.x[position], index.y[position]];
  const dot = x == null || y == null ? null : { left: `${x / 10}%`, top: `${y / 10}%` };
  // The dot is a place on the picture, whatever its shape.
  return html`<div class="thumb-picture">
      ${picture
        ? html`<div class="thumb-frame" style=${{ "--ratio": ratioAt(index, position) }}>
            <img src=${source.imageUrl(picture, 120)} alt="" loading="lazy" decoding="async" draggable=${false} />
            ${dot && html`<i class="thumb-dot" style=${dot}></i>`}</div>`
        : html`<span class="thumb-none">${t("task.picture.none")}</span>`}
      <span class="thumb-action"><${StepIcon} kind=${kindAt(index, position)} /></span>
    </div>
    <div class="thumb-foot"><span>${index.number[position]}</span><${Mark} index=${index} position=${position} /></div>`;
}
