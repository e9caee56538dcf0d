// Why the task did not end well, in one sentence whose steps are links, with what shows it.

import { html, useEffect, useState } from "../lib.js";
import { language, learn, t } from "../i18n.js";
import { styled } from "../styled.js";
import { selected } from "./commands.js";
import { parted } from "./whytext.js";

styled(`.task {
  .task-why { display: flex; flex-wrap: wrap; gap: 0 14px; padding: 0 14px 8px; overflow-wrap: anywhere; }
  .task-why a { color: var(--accent); }
  .task-why small, .task-why summary { color: var(--muted); font-size: 12.5px; }
  .task-why ul { margin: 2px 0 0; padding-inline-start: 18px; max-height: 9em; overflow: auto; }
}`);

/** @typedef {import("./whytext.js").Why} Why */
/** @typedef {import("./state.js").Session} Session */

await learn("why");

/** @param {{kit: import("./bodies.js").Kit, task: any}} props */
export default function WhySentence({ kit: { source, session, taskId }, task }) {
  const [asked, setAsked] = useState(/** @type {Why | null} */ (null));
  const why = task.why ?? asked;
  useEffect(() => {
    // A task that has ended while it was looked at comes without it.
    if (task.why !== undefined) return undefined;
    let isWanted = true;
    source.task(taskId).then((/** @type {any} */ found) => isWanted && setAsked(found.why), () => undefined);
    return () => {
      isWanted = false;
    };
  }, [source, taskId, task]);
  if (!why) return null;
  return html`<div class="task-why" data-why=${why.kind} data-fingerprint=${why.fingerprint}>
    <p><b>${t("why.title")}</b> ${parted(why.sentence[language()]).map(({ text, step }) =>
      step === null ? text : html`<${StepLink} ...${{ session, step, text }} />`)}
      ${why.confidence === "weak" && why.kind !== "not_clear" && html` <small>${t("why.weak")}</small>`}</p>
    ${why.evidence.length > 0 && html`<${Evidence} session=${session} why=${why} />`}
  </div>`;
}

/** @param {{session: Session, why: Why}} props */
function Evidence({ session, why }) {
  return html`<details><summary>${t("why.evidence", { count: why.evidence.length })}</summary>
    <ul>${why.evidence.map(({ step, fact, value }, at) => html`<li key=${at}>
      ${step !== null && html`<${StepLink} ...${{ session, step, text: t("task.step", { number: step }) }} /> `}${t(`why.fact.${fact}`)}${value && html` <q>${value}</q>`}
    </li>`)}</ul></details>`;
}

/** @param {{session: Session, step: number, text: string}} props */
function StepLink({ session, step, text }) {
  const go = (/** @type {Event} */ event) => {
    event.preventDefault();
    const at = session.state.index.number.indexOf(step);
    if (at >= 0) session.set(selected(session.state, at));
  };
  // The address of the page with another step: a link to copy, and to open beside this one.
  return html`<a href=${`${location.pathname}${location.search}#s=${step}`} onClick=${go}>${text}</a>`;
}
