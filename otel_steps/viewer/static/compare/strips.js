// Both film strips, one above the other, steps that answer to each other in one column.

import { html } from "../lib.js";
import { Icon } from "../icons.js";
import { t } from "../i18n.js";
import { Mark, StepIcon } from "../task/marks.js";
import { actionWord } from "../task/naming.js";
import { kindAt } from "../task/steps.js";
import { Windowed } from "../window.js";

/** @typedef {import("../task/steps.js").Index} Index */

const WIDTH = 62;

/**
 * @param {object} props
 * @param {any} props.source
 * @param {import("./view.js").Comparison} props.data
 * @param {boolean[]} props.same Of each pair.
 * @param {number} props.at
 * @param {(at: number) => void} props.setAt
 */
export function Strips({ source, data: { a, b, pairs, divergence }, same, at, setAt }) {
  const column = (/** @type {number} */ each, /** @type {string} */ id) => {
    const [i, j] = pairs[each];
    const words = `A ${said(a.index, i)}, B ${said(b.index, j)}`;
    const kind = each === divergence ? "pair-column is-divergence" : "pair-column";
    return html`<div id=${id} class=${kind} role="option" aria-selected=${each === at}
      data-pair=${each} onClick=${() => setAt(each)}>
      <span class="sr-only">${words}</span>
      <${Thumb} source=${source} index=${a.index} position=${i} />
      <i class="pair-sign">${!same[each] && html`<${Icon} name=${each === divergence ? "flag" : "differs"} />`}</i>
      <${Thumb} source=${source} index=${b.index} position=${j} /></div>`;
  };
  return html`<div class="strip strips"><${Windowed} isRow count=${pairs.length} size=${WIDTH} active=${at} name="pairs"
    label=${t("compare.strips")} item=${column} /></div>`;
}

/** @param {Index} index @param {number | null} position */
const said = (index, position) =>
  position === null ? t("compare.gap") : `${index.number[position]} ${actionWord(index, position)}`;

/** @param {{source: any, index: Index, position: number | null}} props */
function Thumb({ source, index, position }) {
  if (position === null) return html`<div class="pair-gap"></div>`;
  const picture = index.picture[position];
  return html`<div class="thumb" aria-hidden="true"><div class="thumb-picture">
      ${picture &&
      html`<img src=${source.imageUrl(picture, 120)} alt="" loading="lazy" decoding="async" draggable=${false} />`}
      <span class="thumb-action"><${StepIcon} kind=${kindAt(index, position)} /></span></div>
    <div class="thumb-foot"><span>${index.number[position]}</span><${Mark} index=${index} position=${position} /></div></div>`;
}
