// `?` on a page shows the keys that it has.

import { html, useLayoutEffect, useState } from "./lib.js";
import { learn } from "./i18n.js";
import { lazily } from "./task/lazy.js";

const Help = lazily(async () => (await Promise.all([import("./help.js"), learn("keys")]))[0]);

/** What every page has. @type {import("./help.js").Key[]} */
const EVERYWHERE = [[["?"], "task.key.help"], [["Escape"], "task.key.close"]];

/** @param {import("./help.js").Key[]} keys Of this page. @returns {any} The sheet, while it is open. */
export function useKeyHelp(keys) {
  const [isOpen, setOpen] = useState(false);
  useLayoutEffect(() => {
    const press = (/** @type {KeyboardEvent} */ event) => {
      const isWriting = /** @type {Element} */ (event.target).matches?.("input, select, textarea");
      if (event.key !== "?" || isWriting || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      setOpen((isNow) => !isNow);
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, []);
  return isOpen ? html`<${Help} keys=${[...keys, ...EVERYWHERE]} close=${() => setOpen(false)} />` : null;
}
