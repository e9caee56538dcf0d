// One of two tasks at the step at hand: its picture with the action, its thinking, what came of it.

import { html, useEffect, useState } from "../lib.js";
import { Icon } from "../icons.js";
import { t } from "../i18n.js";
import { Overlay, overlayOf } from "../overlay.js";
import { JsonTree } from "../task/jsontree.js";
import { StepIcon, iconOf } from "../task/marks.js";
import { altOf, lasted, outcomeOf, titleOf, wordOf } from "../task/naming.js";
import { hasFailed, kindAt, ratioAt } from "../task/steps.js";

/** @typedef {import("../task/steps.js").Index} Index */

/**
 * @param {object} props
 * @param {string} props.letter
 * @param {any} props.source
 * @param {import("../task/bodies.js").Bodies} props.bodies
 * @param {Index} props.index
 * @param {number | null} props.position
 * @param {Index} props.other
 * @param {number | null} props.otherPosition
 */
export function Side({ letter, source, bodies, index, position, other, otherPosition }) {
  const step = useStep(bodies, index, position);
  if (position === null) {
    return html`<section class="side" data-side=${letter}>
      <div class="pane"><div class="frame frame-none"><p>${t("compare.gap")}</p></div></div></section>`;
  }
  const title = t("task.step", { number: index.number[position] });
  const facts = factsOf(index, position);
  const others = otherPosition === null ? null : factsOf(other, otherPosition);
  return html`<section class="side" data-side=${letter} aria-label=${`${letter}: ${title}`}>
    <${Picture} ...${{ source, index, position, step }} />
    <div class="side-text" tabindex="0">
      <h3><b class="letter">${letter}</b><${StepIcon} kind=${kindAt(index, position)} />${title}</h3>
      <dl>${facts.map(([name, text], at) => html`<${Fact} key=${name} name=${name} text=${text} other=${others?.[at][1]} />`)}</dl>
      ${step?.error_message && html`<section class="problem"><pre class="prose error">${step.error_message}</pre></section>`}
      ${step?.thinking && html`<h4>${t("task.thinking")}</h4><pre class="prose">${step.thinking}</pre>`}
      ${step?.action && html`<h4>${t("task.action")}</h4><div data-field="action"><${JsonTree} value=${step.action} /></div>`}
    </div></section>`;
}

/** One that is another on the other side is marked; no two steps take the same time.
 * @param {{name: string, text: string, other: string | undefined}} props */
function Fact({ name, text, other }) {
  if (!text) return null;
  const isOther = other !== undefined && other !== text && name !== "duration";
  return html`<div class=${isOther ? "is-other" : ""}><dt>${t(`compare.${name}`)}</dt>
    <dd>${text}${isOther && html` <${Icon} name="differs" />`}</dd></div>`;
}

/** @param {Index} index @param {number} position @returns {[string, string][]} */
const factsOf = (index, position) => [
  ["action", titleOf(index, position)],
  ["app", index.app[position] ?? ""],
  ["outcome", outcomeOf(index, position)],
  ["duration", lasted(index.duration_ms[position])],
];

/** The row of a step, or null until it is there. @param {import("../task/bodies.js").Bodies} bodies
 * @param {Index} index @param {number | null} position */
function useStep(bodies, index, position) {
  const [, redraw] = useState(0);
  useEffect(() => {
    if (position === null || bodies.at(index, position)) return undefined;
    // Who holds a key down passes by many steps and wants none of them; what the index says stays to be seen.
    const timer = setTimeout(() => {
      bodies.load(index, position).then(() => redraw((count) => count + 1), () => undefined);
    }, 60);
    return () => clearTimeout(timer);
  }, [bodies, index, position]);
  return position === null ? null : bodies.at(index, position)?.step ?? null;
}

/** @param {{source: any, index: Index, position: number, step: any}} props */
function Picture({ source, index, position, step }) {
  const picture = index.picture[position];
  const ratio = ratioAt(index, position);
  const shapes = overlayOf(step, index, position);
  const alt = altOf(index, position, "before");
  const kind = hasFailed(index, position) ? "frame is-failed" : "frame";
  return html`<div class="pane"><div class=${kind} style=${{ "--ratio": ratio }}><div class="frame-moved">
    ${picture
      ? html`<img src=${source.imageUrl(picture, 540)} alt=${alt} draggable=${false} decoding="async" />`
      : html`<div class="picture-none"><${Icon} name="image" /><p>${t("task.picture.none")}</p></div>`}
    ${shapes.length > 0 && html`<${Overlay} key=${position} ...${{ shapes, ratio, icon: iconOf, word: wordOf }} />`}
  </div></div></div>`;
}
