// Over the page while the server does not answer, or does not answer us.

import { html, useEffect, useState } from "./lib.js";
import { t } from "./i18n.js";
import { Icon } from "./icons.js";

/** @typedef {import("./connection.js").Connection} Connection */

/** @param {{connection: Connection}} props */
export function Banner({ connection }) {
  const [standing, setStanding] = useState(connection.standing);
  useEffect(() => {
    const look = () => setStanding(connection.standing);
    look();
    return connection.watch(look);
  }, [connection]);
  if (standing === "ok") return null;
  const retry = () => connection.retry();
  return html`<div class="banner" role="alert"><${Icon} name="flag" />
    <p><b>${t(standing === "away" ? "shell.offline" : "shell.access")}</b>${" "}
      ${t(standing === "away" ? "shell.offline.hint" : "shell.access.hint")}</p>
    ${standing === "away"
      ? html`<button type="button" class="button" onClick=${retry}>${t("shell.retry")}</button>`
      : html`<${SignIn} done=${retry} />`}</div>`;
}

/** Takes the token, so that what is on the page stays there. @param {{done: () => void}} props */
function SignIn({ done }) {
  const [isRefused, setIsRefused] = useState(false);
  const submit = async (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    const body = new URLSearchParams(/** @type {any} */ (new FormData(/** @type {HTMLFormElement} */ (event.target))));
    // A session that was opened leads on to the page, which is here already.
    const answer = await fetch(".", { method: "POST", body, redirect: "manual" }).catch(() => null);
    setIsRefused(answer?.status === 401);
    if (answer?.type === "opaqueredirect") done();
  };
  return html`<form onSubmit=${submit}>
    <input name="token" type="password" required autocomplete="current-password" aria-label=${t("shell.token")}
      placeholder=${t("shell.token")} aria-invalid=${isRefused} />
    <button class="button">${t("shell.open")}</button>
    ${isRefused && html`<p role="alert">${t("shell.token.refused")}</p>`}</form>`;
}
