// The sheet of the keys that a page has.

import { html, useEffect, useRef } from "./lib.js";
import { t } from "./i18n.js";
import { may } from "./role.js";
import { styled } from "./styled.js";

/** @typedef {[string[], string]} Key Keys as `KeyboardEvent.key` for one thing, and the phrase that says what it is. */

/** @type {Record<string, string>} */
const NAMES = { ArrowDown: "↓", ArrowUp: "↑", ArrowRight: "→", ArrowLeft: "←", " ": "Space", Enter: "⏎", Escape: "Esc" };

styled(`
  .help { width: min(720px, 92vw); padding: 18px 22px; border: 1px solid var(--line); border-radius: 12px; background: var(--panel); color: var(--text); font-size: 13px; box-shadow: 0 20px 60px rgb(0 0 0 / 40%);
    &:focus-visible { outline: none; }
    &::backdrop { background: rgb(0 0 0 / 45%); }
    h2 { display: flex; justify-content: space-between; margin: 0 0 10px; font-size: 16px; }
    button { width: 30px; height: 30px; margin: -4px -8px 0 0; border: 0; border-radius: 6px; background: none; color: var(--muted); font: inherit; cursor: pointer; }
    dl { columns: 2; column-gap: 28px; margin: 0; }
    dl div { display: flex; align-items: baseline; gap: 10px; padding: 3px 0; break-inside: avoid; }
    dt { flex: none; min-width: 132px; }
    dd { margin: 0; }
    p { margin: 12px 0 0; color: var(--muted); }
    kbd { display: inline-block; min-width: 20px; padding: 0 5px; border: 1px solid var(--line); border-bottom-width: 2px; border-radius: 4px; background: var(--bg); text-align: center; font: 12px var(--mono); }
    @media (max-width: 700px) { dl { columns: 1; } }
  }`);

/** What says something of a step or a task. */
const SAYS = ["good", "bad", "stepNote", "stepTags", "note"].map((command) => `task.key.${command}`);

/** Keys for what the reader may not do are none. @param {Key} key */
const isUseful = ([, phrase]) => may("annotate") || !SAYS.includes(phrase);

/** @param {string} key */
const keyName = (key) => (key.length === 1 ? [key] : key.split("+")).map((part) => NAMES[part] ?? part).join(" ");

/** @param {{keys: Key[], close: () => void}} props */
export default function Help({ keys, close }) {
  const dialog = useRef(/** @type {HTMLDialogElement | null} */ (null));
  useEffect(() => dialog.current?.showModal(), []);
  return html`<dialog class="help" ref=${dialog} aria-label=${t("keys.title")} onClose=${close} onClick=${close}>
    <h2>${t("keys.title")}<button type="button" aria-label=${t("task.key.close")} onClick=${close}>✕</button></h2>
    <dl>${keys.filter(isUseful).map(([names, phrase]) => html`<div><dt>${names.map((key) => html`<kbd>${keyName(key)}</kbd> `)}</dt>
      <dd>${t(phrase)}</dd></div>`)}</dl>
    <p>${t("keys.hint")}</p>
  </dialog>`;
}
