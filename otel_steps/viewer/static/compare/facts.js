// What both steps were, in words: facts beside each other, and their thinking word by word.

import { html, useMemo } from "../lib.js";
import { Icon } from "../icons.js";
import { t } from "../i18n.js";
import { shareText } from "../task/differing.js";
import { JsonTree } from "../task/jsontree.js";
import { StepIcon } from "../task/marks.js";
import { lasted, outcomeOf, titleOf } from "../task/naming.js";
import { kindAt } from "../task/steps.js";
import { tokensText } from "../usage.js";
import { Letter } from "./pictures.js";
import { differenceOf } from "./wordwise.js";

/** @typedef {import("./pictures.js").Side & {usage: any}} Side */

// No two steps take the same time or as many tokens: that is no difference to look at.
const ALWAYS_OTHER = new Set(["duration", "tokens"]);

/** @param {{sides: Side[], differing: import("../task/differing.js").Differing | null}} props */
export function Facts({ sides, differing }) {
  const [a, b] = sides.map(factsOf);
  const names = Object.keys({ ...a, ...b }).filter((name) => a?.[name] || b?.[name]);
  return html`<aside class="compare-facts" aria-label=${t("compare.facts")} tabindex="0">
    <table><thead><tr><td></td>${sides.map(({ letter, index, position }) => html`<th scope="col"><${Letter} letter=${letter} />
      ${position === null ? html`<small>${t("compare.gap")}</small>` : html`<${StepIcon} kind=${kindAt(index, position)} />${t("task.step", { number: index.number[position] })}`}</th>`)}</tr></thead>
      <tbody>${names.map((name) => html`<${Fact} key=${name} name=${name} one=${a?.[name]} other=${b?.[name]} isBoth=${!!a && !!b} />`)}
      ${differing?.found && html`<tr><th scope="row">${t("compare.screen")}</th><td colspan="2" data-screen=${differing.found.share}>
        ${t("compare.screen.share", { share: shareText(differing.found.share) })}</td></tr>`}</tbody></table>
    ${sides.map(({ letter, step }) => step?.error_message && html`<section class="problem" key=${letter}><h3><${Letter} letter=${letter} />${t("task.error")}</h3>
      <pre class="prose error" dir="auto">${step.error_message}</pre></section>`)}
    <${Thinking} one=${sides[0].step?.thinking ?? ""} other=${sides[1].step?.thinking ?? ""} />
    <${Actions} sides=${sides} />
  </aside>`;
}

/** @param {Side} side @returns {Record<string, string> | null} */
function factsOf({ index, position, usage }) {
  if (position === null) return null;
  return {
    action: titleOf(index, position),
    app: index.app[position] ?? "",
    outcome: outcomeOf(index, position),
    duration: lasted(index.duration_ms[position]),
    tokens: usage ? tokensText(usage) : "",
  };
}

/** @param {{name: string, one: string | undefined, other: string | undefined, isBoth: boolean}} props */
function Fact({ name, one = "", other = "", isBoth }) {
  const isOther = isBoth && one !== other && !ALWAYS_OTHER.has(name);
  return html`<tr class=${isOther ? "is-other" : ""} data-fact=${name}><th scope="row">${t(`compare.${name}`)}
    ${isOther && html`<${Icon} name="differs" /><span class="sr-only">${t("compare.differs")}</span>`}</th><td dir="auto">${one}</td><td dir="auto">${other}</td></tr>`;
}

/** @param {{one: string, other: string}} props */
function Thinking({ one, other }) {
  const pieces = useMemo(() => (one && other ? differenceOf(one, other) : null), [one, other]);
  if (!one && !other) return null;
  return html`<section><h3>${t("task.thinking")}
      ${pieces && html`<small class="word-legend"><del>A</del> <ins>B</ins></small>`}</h3>
    ${pieces
      ? html`<p class="prose words" dir="auto" data-words>${pieces.map(({ kind, text }) => (kind === "same" ? text : kind === "a" ? html`<del>${text}</del>` : html`<ins>${text}</ins>`))}</p>`
      : [["A", one], ["B", other]].map(([letter, text]) => text && html`<div class="of-one"><${Letter} letter=${letter} /><p class="prose" dir="auto">${text}</p></div>`)}
  </section>`;
}

/** @param {{sides: Side[]}} props */
function Actions({ sides }) {
  const actions = sides.map(({ step }) => step?.action ?? null);
  if (!actions.some(Boolean)) return null;
  const isSame = JSON.stringify(actions[0]) === JSON.stringify(actions[1]);
  return html`<section><h3>${t("task.action")}</h3>
    ${sides.slice(0, isSame ? 1 : 2).map(({ letter }, at) => actions[at] && html`<div class="of-one" key=${letter}>
      ${!isSame && html`<${Letter} letter=${letter} />`}<div data-field="action"><${JsonTree} value=${actions[at]} /></div></div>`)}
  </section>`;
}
