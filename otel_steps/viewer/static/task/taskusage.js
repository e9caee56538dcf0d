// What the task has used of its models; it grows with each step of a task that runs.

import { html, useEffect, useState } from "../lib.js";
import { learn } from "../i18n.js";
import { costHint, costText, inAndOut, tokensText } from "../usage.js";
import { useFact } from "./state.js";

await learn("usage");

/** @param {{kit: import("./bodies.js").Kit}} props */
export default function TaskUsage({ kit: { source, session, taskId } }) {
  const version = useFact(session, (state) => state.index.version);
  const [usage, setUsage] = useState(/** @type {import("../usage.js").Usage | null} */ (null));
  useEffect(() => {
    let isWanted = true;
    // Without it the page says less, and the next step asks again.
    source.task(taskId).then((/** @type {any} */ found) => isWanted && setUsage(found.usage), () => undefined);
    return () => {
      isWanted = false;
    };
  }, [source, taskId, version]);
  return usage && html`<span title=${inAndOut(usage)}>${tokensText(usage)}</span><span title=${costHint(usage)}>${costText(usage)}</span>`;
}
