// What the server says to a question, and that it is being asked.

import { html, useEffect, useState } from "../lib.js";
import { errorText, t } from "../i18n.js";

/** @template T @typedef {{data: T | null, error: any, isLoading: boolean}} Answer The last one while another is awaited. */

/**
 * @param {any} source @param {string} path "" asks nothing.
 * @returns {Answer<any>}
 */
export function useAnswer(source, path) {
  const [state, setState] = useState({ path: "", data: /** @type {any} */ (null), error: /** @type {any} */ (null) });
  useEffect(() => {
    if (!path) return undefined;
    let isWanted = true;
    source.asked(path).then(
      (/** @type {any} */ data) => isWanted && setState({ path, data, error: null }),
      (/** @type {any} */ error) => isWanted && setState((old) => ({ ...old, path, error })),
    );
    return () => {
      isWanted = false;
    };
  }, [source, path]);
  return { data: path ? state.data : null, error: path ? state.error : null, isLoading: Boolean(path) && state.path !== path };
}

/**
 * A part of the page under its heading; what it shows waits for its answer.
 * @param {{id: string, title: string, hint?: any, answer: Answer<any>, tools?: any, children?: any}} props
 */
export function Part({ id, title, hint, answer, tools, children }) {
  const { data, error, isLoading } = answer;
  return html`<section class=${`part part-${id}`} data-part=${id} aria-labelledby=${`stats-${id}`} aria-busy=${isLoading}>
    <header><h2 id=${`stats-${id}`}>${title}</h2>${tools}</header>
    ${hint && html`<p class="hint">${hint}</p>`}
    ${error && html`<p class="is-error" role="alert">${t("stats.broken", { error: errorText(error) })}</p>`}
    ${!data && !error && html`<p class="hint">${t("stats.loading")}</p>`}
    ${data && children}
  </section>`;
}
