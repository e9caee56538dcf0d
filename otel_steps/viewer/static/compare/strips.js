// Both film strips, one above the other, steps that answer to each other in one column.

import { html } from "../lib.js";
import { Icon } from "../icons.js";
import { t } from "../i18n.js";
import { Mark, StepIcon } from "../task/marks.js";
import { actionWord } from "../task/naming.js";
import { kindAt } from "../task/steps.js";
import { Windowed } from "../window.js";

/** @typedef {import("../task/steps.js").Index} Index */
/** @typedef {import("./pairs.js").Pair} Pair */

const WIDTH = 46;

/**
 * @param {object} props
 * @param {any} props.source
 * @param {import("./view.js").Comparison} props.data
 * @param {import("./pairs.js").Pin[]} props.pins
 * @param {Pair} props.seen The two steps that are looked at, of one pair or not.
 * @param {number} props.at
 * @param {(seen: Pair) => void} props.see
 */
export function Strips({ source, data: { a, b, pairs, same, divergence }, pins, seen, at, see }) {
  const isPinned = (/** @type {Pair} */ [i, j]) => pins.some(([x, y]) => i !== null && j !== null && a.index.number[i] === x && b.index.number[j] === y);
  const column = (/** @type {number} */ each, /** @type {string} */ id) => {
    const pair = pairs[each];
    const [i, j] = pair;
    const words = `A ${said(a.index, i)}, B ${said(b.index, j)}`;
    const kind = each === divergence ? "pair-column is-divergence" : "pair-column";
    const sign = isPinned(pair) ? "pin" : same[each] ? "" : each === divergence ? "flag" : "differs";
    // With Shift one of the two goes there by itself.
    const choose = (/** @type {MouseEvent} */ event) => {
      const side = /** @type {Element} */ (event.target).closest("[data-of]")?.getAttribute("data-of");
      see(event.shiftKey && side ? (side === "A" ? [i, seen[1]] : [seen[0], j]) : pair);
    };
    return html`<div id=${id} class=${kind} role="option" aria-selected=${each === at}
      data-pair=${each} onClick=${choose}>
      <span class="sr-only">${words}</span>
      <${Thumb} of="A" source=${source} index=${a.index} position=${i} isSeen=${i !== null && i === seen[0]} />
      <i class="pair-sign" data-sign=${sign}>${sign && html`<${Icon} name=${sign} />`}</i>
      <${Thumb} of="B" source=${source} index=${b.index} position=${j} isSeen=${j !== null && j === seen[1]} /></div>`;
  };
  return html`<div class="strip strips"><div class="strip-letters" aria-hidden="true"><b class="letter" data-letter="A">A</b><b class="letter" data-letter="B">B</b></div>
    <${Windowed} isRow count=${pairs.length} size=${WIDTH} active=${at} name="pairs"
      label=${t("compare.strips")} item=${column} /></div>`;
}

/** @param {Index} index @param {number | null} position */
const said = (index, position) =>
  position === null ? t("compare.gap") : `${index.number[position]} ${actionWord(index, position)}`;

/** @param {{of?: string, source: any, index: Index, position: number | null, isSeen?: boolean}} props */
export function Thumb({ of, source, index, position, isSeen = false }) {
  if (position === null) return html`<div class="pair-gap" data-of=${of}></div>`;
  const picture = index.picture[position];
  return html`<div class=${isSeen ? "thumb is-seen" : "thumb"} aria-hidden="true" data-of=${of}><div class="thumb-picture">
      ${picture &&
      html`<img src=${source.imageUrl(picture, 120)} alt="" loading="lazy" decoding="async" draggable=${false} />`}
      <span class="thumb-action"><${StepIcon} kind=${kindAt(index, position)} /></span></div>
    <div class="thumb-foot"><span>${index.number[position]}</span><${Mark} index=${index} position=${position} /></div></div>`;
}
