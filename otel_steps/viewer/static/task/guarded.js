// A part of the page that cannot be drawn says so; the others go on, and so does this one with the next step.

import { html, useEffect, useErrorBoundary } from "../lib.js";
import { errorText, t } from "../i18n.js";
import { useFact } from "./state.js";

/** @param {{session: import("./state.js").Session, children?: any}} props */
export function Guarded({ session, children }) {
  const [error, again] = useErrorBoundary((/** @type {unknown} */ error) => console.error(error));
  const index = useFact(session, (state) => state.index);
  const position = useFact(session, (state) => state.position);
  useEffect(() => {
    if (error) again();
  }, [index, position]);
  return error ? html`<p class="error undrawn" role="alert">${t("shell.part.failed", { error: errorText(error) })}</p>` : children;
}
