// What a step has used of its model.

import { html } from "../lib.js";
import { learn } from "../i18n.js";
import { costHint, costText, inAndOut, titleText } from "../usage.js";

await learn("usage");

/** @param {{usage: import("../usage.js").Usage}} props */
export default function StepUsage({ usage }) {
  return html`<section><h3>${titleText()}</h3>
    <p data-field="usage">${inAndOut(usage)} · <span title=${costHint(usage)}>${costText(usage)}</span></p></section>`;
}
