// Parts that are loaded when they are first shown: what nobody opens costs nothing.

import { html, useEffect, useState } from "../lib.js";
import { errorText, learn, t } from "../i18n.js";

/**
 * @param {() => Promise<{default: any}>} load
 * @returns {(props: any) => any} A component that stands for the module's own.
 */
export function lazily(load) {
  // Known from then on: what is shown again, for another step, is there at once.
  let known = /** @type {any} */ (null);
  return function Lazy(props) {
    const [state, setState] = useState({ View: known, error: "" });
    useEffect(() => {
      let isWanted = true;
      // Their words come with them.
      Promise.all([load(), learn("parts")]).then(
        ([module]) => {
          known = module.default;
          if (isWanted) setState({ View: known, error: "" });
        },
        (error) => isWanted && setState({ View: null, error: errorText(error) }),
      );
      return () => {
        isWanted = false;
      };
    }, []);
    if (state.error) return html`<p class="error" role="alert">${t("shell.part.failed", { error: state.error })}</p>`;
    return state.View && html`<${state.View} ...${props} />`;
  };
}
