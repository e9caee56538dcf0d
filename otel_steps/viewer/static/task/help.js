// The sheet of all keys.

import { html, useEffect, useRef } from "../lib.js";
import { t } from "../i18n.js";
import { KEYS } from "./keys.js";

/** @type {Record<string, string>} */
const NAMES = { ArrowDown: "↓", ArrowUp: "↑", ArrowRight: "→", ArrowLeft: "←", " ": "Space", Escape: "Esc" };

/** @param {string} key */
const keyName = (key) => key.split("+").map((part) => NAMES[part] ?? part).join(" ");

/** @param {{session: import("./state.js").Session}} props */
export default function Help({ session }) {
  const dialog = useRef(/** @type {HTMLDialogElement | null} */ (null));
  useEffect(() => dialog.current?.showModal(), []);
  const close = () => session.set({ isHelpOpen: false });
  return html`<dialog class="help" ref=${dialog} aria-label=${t("task.keys")} onClose=${close} onClick=${close}>
    <h2>${t("task.keys")}</h2>
    <dl>${KEYS.map(([keys, command]) => html`<div><dt>${keys.map((key) => html`<kbd>${keyName(key)}</kbd> `)}</dt>
      <dd>${t(`task.key.${command}`)}</dd></div>`)}</dl>
    <p>${t("task.keys.hint")}</p>
  </dialog>`;
}
