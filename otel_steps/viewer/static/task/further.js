// The pictures that a step has beside the one before its action, each with what it is.

import { html, useState } from "../lib.js";
import { t } from "../i18n.js";
import { styled } from "../styled.js";
import { Image } from "./picture.js";

styled(`.task {
  .further { display: grid; grid-template-columns: repeat(auto-fill, minmax(110px, 1fr)); gap: 12px; align-items: start; }
  .further .is-large { grid-column: 1 / -1; }
  .further button { display: block; width: 100%; padding: 0; border: 0; background: none; cursor: zoom-in; }
  .further .is-large button { cursor: zoom-out; }
  .further img { display: block; width: 100%; border-radius: 8px; box-shadow: 0 0 0 1px var(--line); }
  .further .picture-none { position: static; border: 1.5px dashed var(--line); border-radius: 8px; }
  .further figcaption { margin-top: 4px; font-size: 12px; color: var(--muted); overflow-wrap: anywhere; }
  .further figcaption b { color: var(--text); }
}`);

/** @typedef {import("./bodies.js").Kit} Kit */
/** @typedef {{role?: string, sha256?: string, caption?: string, sensitive?: boolean, error?: string}} Further */

export const KEY = "otel_steps.pictures";
/** @type {Record<string, string>} */
const WORDS = { before: "task.before", after: "task.after", crop: "task.role.crop", marked: "task.role.marked" };

/** @param {{kit: Kit, step: any}} props */
export default function FurtherPictures({ kit, step }) {
  const pictures = furtherOf(step.attributes?.[KEY]);
  if (pictures.length === 0) return null;
  return html`<section data-field="pictures"><h3>${t("task.further")}</h3>
    <div class="further">${pictures.map((picture, at) => html`<${One} key=${`${step.id} ${at}`} kit=${kit} picture=${picture} />`)}</div>
  </section>`;
}

/** @param {{kit: Kit, picture: Further}} props */
function One({ kit, picture }) {
  const [isLarge, setLarge] = useState(false);
  const { sha256 = null, caption = "", role = "after", error = "" } = picture;
  const word = WORDS[role] ? t(WORDS[role]) : role;
  const flag = picture.sensitive ? "flag.sensitive" : "";
  return html`<figure data-role=${role} class=${isLarge ? "is-large" : ""}>
    <button type="button" aria-expanded=${isLarge} onClick=${() => setLarge(!isLarge)}>
      <${Image} kit=${kit} name=${error ? null : sha256} alt=${`${word} ${caption}`.trim()} reason=${error} /></button>
    <figcaption><b>${word}</b> ${caption} ${flag && html`<span class="badge">${t(flag)}</span>`}</figcaption>
  </figure>`;
}

/**
 * @param {unknown} value Of the attribute: JSON, or the list itself.
 * @returns {Further[]} Those that name a picture, or say why there is none.
 */
export function furtherOf(value) {
  let list = value;
  try {
    if (typeof value === "string") list = JSON.parse(value);
  } catch {
    return [];
  }
  if (!Array.isArray(list)) return [];
  return list.filter((each) => /^[0-9a-f]{64}$/.test(each?.sha256) || typeof each?.error === "string");
}
