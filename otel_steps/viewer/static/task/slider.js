// The picture before and the one after under one another, with a line to drag between them.

import { html, useState } from "../lib.js";
import { t } from "../i18n.js";
import { Image, Picture } from "./picture.js";
import { useFact } from "./state.js";
import { numberAfter, pictureAfter } from "./steps.js";

/** @typedef {import("./stage.js").Parts} Parts */

/** @param {Parts} props */
export default function Slider({ kit, position, body, hasOverlay }) {
  const index = useFact(kit.session, (state) => state.index);
  const [share, setShare] = useState(50);
  const after = pictureAfter(index, position);
  return html`<div class="single"><figure>
    <figcaption>${t("task.before")} ${index.number[position]} | ${t("task.after")} ${numberAfter(index, position)}</figcaption>
    <${Picture} ...${{ kit, position, body, hasOverlay }} side="before">
      ${after &&
      html`<div class="slider-after" style=${{ clipPath: `inset(0 0 0 ${share}%)` }}>
          <${Image} kit=${kit} name=${after} alt=${t("task.after")} /></div>
        <div class="slider-line" style=${{ left: `${share}%` }}></div>`}
    <//>
    ${after
      ? html`<input class="slider-input" type="range" min="0" max="100" step="0.5" value=${share} aria-label=${t("task.slider")}
          onInput=${(/** @type {any} */ event) => setShare(Number(event.target.value))} />`
      : html`<p class="hint">${t("task.picture.noLater")}</p>`}
  </figure></div>`;
}
