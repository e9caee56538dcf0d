// What changed between the pictures before and after a step.

import { html } from "../lib.js";
import { t } from "../i18n.js";
import { Mask, differenceText, useDifference } from "./differing.js";
import { NoPicture, Picture } from "./picture.js";
import { useFact } from "./state.js";
import { pictureAfter } from "./steps.js";

/** @typedef {import("./stage.js").Parts} Parts */

/** @param {Parts} props */
export default function Difference({ kit, position, body, hasOverlay }) {
  const index = useFact(kit.session, (state) => state.index);
  const before = index.picture[position];
  const after = pictureAfter(index, position);
  const differing = useDifference(kit.source, before, after);
  if (!before || !after) return html`<${NoPicture} text=${t(before ? "task.picture.noLater" : "task.picture.none")} />`;
  return html`<div class="single"><figure>
    <figcaption><span role="status" data-difference=${differing.found?.share}>${differenceText(differing)}</span></figcaption>
    <${Picture} ...${{ kit, position, body, hasOverlay }} side="before"><${Mask} found=${differing.found} /><//>
  </figure></div>`;
}
