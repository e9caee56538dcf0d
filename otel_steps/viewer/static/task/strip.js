// The film strip: a thumbnail of every step.

import { html } from "../lib.js";
import { t } from "../i18n.js";
import { Windowed } from "../window.js";
import { selected } from "./commands.js";
import { Mark, StepIcon } from "./marks.js";
import { actionWord, outcomeOf } from "./naming.js";
import { useFact } from "./state.js";
import { kindAt } from "./steps.js";

/** @typedef {import("./bodies.js").Kit} Kit */

const WIDTH = 62;

/** @param {{kit: Kit}} props */
export function Strip({ kit }) {
  const { session, source } = kit;
  const index = useFact(session, (state) => state.index);
  const position = useFact(session, (state) => state.position);
  const shown = useFact(session, (state) => state.shown);
  const isShown = shown ? new Set(shown) : null;
  return html`<div class="strip">
    <${Windowed} isRow count=${index.count} size=${WIDTH} active=${position} name="strip" label=${t("task.strip")}
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

/** @param {{source: any, index: import("./steps.js").Index, position: number}} props */
function Thumb({ source, index, position }) {
  const picture = index.picture[position];
  const [x, y] = [index.x[position], index.y[position]];
  const dot = x == null || y == null ? null : { left: `${x / 10}%`, top: `${y / 10}%` };
  return html`<div class="thumb-picture">
      ${picture
        ? html`<img src=${source.imageUrl(picture, 120)} alt="" loading="lazy" decoding="async" draggable=${false} />`
        : html`<span class="thumb-none">${t("task.picture.none")}</span>`}
      ${dot && html`<i class="thumb-dot" style=${dot}></i>`}
      <span class="thumb-action"><${StepIcon} kind=${kindAt(index, position)} /></span>
    </div>
    <div class="thumb-foot"><span>${index.number[position]}</span><${Mark} index=${index} position=${position} /></div>`;
}
