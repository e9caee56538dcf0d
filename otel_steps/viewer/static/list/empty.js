// In place of rows: nothing is recorded yet, nothing matches, or the server says no. Each says what to do.

import { html, useEffect, useState } from "../lib.js";
import { Icon } from "../icons.js";
import { errorText, t } from "../i18n.js";

/** @param {{isNarrowed: boolean, clear: () => void}} props */
export function Nothing({ isNarrowed, clear }) {
  if (isNarrowed) {
    return html`<section class="message" role="status"><${Icon} name="search" /><h2>${t("list.nothing")}</h2>
      <p>${t("list.nothing.hint")}</p>
      <button type="button" class="button" onClick=${clear}>${t("list.filters.clear")}</button></section>`;
  }
  return html`<section class="message" role="status"><${Icon} name="phone" /><h2>${t("list.none")}</h2>
    <p>${t("list.none.demo")}</p><${Command} text="otel-steps demo" />
    <p>${t("list.none.agent")}</p><${Command} text="opentelemetry-instrument python main.py" />
    <p class="hint">${t("list.none.live")}</p></section>`;
}

/** @param {{error: any, retry: () => void, isBrief: boolean}} props */
export function Problem({ error, retry, isBrief }) {
  const again = html`<button type="button" class="button" onClick=${retry}>${t("shell.retry")}</button>`;
  if (isBrief) return html`<p class="notice" role="alert"><${Icon} name="flag" /><span>${t("list.failed")}</span>${again}</p>`;
  return html`<section class="message" role="alert"><${Icon} name="flag" /><h2>${t("list.failed")}</h2>
    <p>${errorText(error)}</p>${again}</section>`;
}

/** A command to copy. @param {{text: string}} props */
function Command({ text }) {
  const [isCopied, setIsCopied] = useState(false);
  useEffect(() => {
    const timer = isCopied ? setTimeout(() => setIsCopied(false), 2000) : 0;
    return () => clearTimeout(timer);
  }, [isCopied]);
  const copy = () => void navigator.clipboard.writeText(text).then(() => setIsCopied(true), () => undefined);
  return html`<div class="command"><code>${text}</code>
    <button type="button" class="button quiet" onClick=${copy}>
      <${Icon} name=${isCopied ? "check" : "copy"} />${t(isCopied ? "shell.copied" : "shell.copy")}</button></div>`;
}
