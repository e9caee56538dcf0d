// How many steps have which flag: a link to the first of them, which shows these steps alone.

import { html, useMemo } from "../lib.js";
import { Icon } from "../icons.js";
import { t } from "../i18n.js";
import { selected } from "./commands.js";
import { flagCounts } from "./flagged.js";
import { useFact } from "./state.js";

/** @param {{kit: import("./bodies.js").Kit}} props */
export default function FlagSummary({ kit: { session } }) {
  const index = useFact(session, (state) => state.index);
  const chosen = useFact(session, (state) => state.filter.flag);
  const counts = useMemo(() => flagCounts(index), [index]);
  if (counts.length === 0) return null;
  const choose = (/** @type {MouseEvent} */ event, /** @type {string} */ flag, /** @type {number} */ first) => {
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    session.set({ ...selected(session.state, first), filter: { ...session.state.filter, flag }, isPlaying: false });
  };
  return html`<p class="task-flags">${counts.map(([flag, count, first]) =>
    html`<a key=${flag} href=${`${location.pathname}#s=${index.number[first]}&f=${flag}`} data-flag-link=${flag} title=${t(`flag.${flag}.hint`)}
      aria-current=${flag === chosen} onClick=${(/** @type {MouseEvent} */ event) => choose(event, flag, first)}>
      <${Icon} name="flag" />${t(`flag.${flag}`)} <small>${count}</small></a>`)}</p>`;
}
