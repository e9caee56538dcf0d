// One task chosen in the list to be compared with another, also with one that is open in its own page.

import { html, useState } from "../lib.js";
import { Icon } from "../icons.js";
import { t } from "../i18n.js";
import { compareLink, runsLink } from "../task/links.js";
import { markedTask, toggleMark } from "../task/marked.js";

/** @typedef {{chosen: string | null, other: string | null, choose: (id: string) => void, end: () => void}} ChoiceState */

/** @returns {ChoiceState} */
export function useChoice() {
  const [chosen, setChosen] = useState(markedTask());
  const [other, setOther] = useState(/** @type {string | null} */ (null));
  const choose = (/** @type {string} */ id) => {
    if (chosen && chosen !== id) return setOther(other === id ? null : id);
    setOther(null);
    return setChosen(toggleMark(id));
  };
  const end = () => {
    if (chosen) toggleMark(chosen);
    setChosen(null);
    setOther(null);
  };
  return { chosen, other, choose, end };
}

/** @param {{choice: ChoiceState}} props */
export function Choice({ choice: { chosen, other, end } }) {
  if (!chosen) return null;
  return html`<div class="choice" role="status"><${Icon} name="compare" />
    ${other
      ? html`<a class="button is-primary" href=${compareLink(chosen, other)}>${t("list.compare")}</a>`
      : html`<span>${t("list.marked")} <a href=${runsLink(chosen)}>${t("list.marked.runs")}</a></span>`}
    <button type="button" class="button" onClick=${end}>${t("list.marked.end")}</button></div>`;
}
