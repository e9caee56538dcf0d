// All that is known of the selected step, in full.

import { html, useState } from "../lib.js";
import { Icon } from "../icons.js";
import { learn, t } from "../i18n.js";
import { useBody } from "./bodies.js";
import { copied } from "./clipboard.js";
import { lazily } from "./lazy.js";
import { StepIcon, withHits } from "./marks.js";
import { lasted, outcomeOf, titleOf } from "./naming.js";
import { useFact } from "./state.js";
import { flagsAt, hasFailed, isRunning, kindAt } from "./steps.js";

/** @typedef {import("./bodies.js").Kit} Kit */

const FORMS = ["json", "adb", "python"];
const Annotations = lazily(async () => (await Promise.all([import("./annotations.js"), learn("judge")]))[0]);
const JsonTree = lazily(async () => ({ default: (await import("./jsontree.js")).JsonTree }));
const AttributeTable = lazily(() => import("./attributes.js"));
const FurtherPictures = lazily(() => import("./further.js"));
const Waterfall = lazily(() => import("./waterfall.js"));
const Trace = lazily(() => import("./trace.js"));
const StepUsage = lazily(() => import("./stepusage.js"));

/** @param {{kit: Kit}} props */
export function Details({ kit }) {
  const { session } = kit;
  const index = useFact(session, (state) => state.index);
  const position = useFact(session, (state) => state.position);
  const { body, error } = useBody(kit);
  if (position < 0) return html`<aside class="details" aria-label=${t("task.details")}><${Trace} kit=${kit} /><${Annotations} kit=${kit} /></aside>`;
  return html`<aside class="details" aria-label=${t("task.details")} tabindex="0" data-step=${index.number[position]}>
    <${Heading} index=${index} position=${position} />
    <${Flags} session=${session} flags=${flagsAt(index, position)} />
    ${error && html`<p class="error" role="alert">${t("task.body.failed", { error })}</p>`}
    ${body ? html`<${Body} ...${{ kit, body }} />` : !error && html`<div class="skeleton" aria-busy="true"></div>`}
    <${Annotations} kit=${kit} />
  </aside>`;
}

/** @param {{index: import("./steps.js").Index, position: number}} props */
function Heading({ index, position }) {
  const state = hasFailed(index, position) ? "fail" : isRunning(index, position) ? "running" : "ok";
  return html`<header class="details-head">
    <h2><${StepIcon} kind=${kindAt(index, position)} />${t("task.step", { number: index.number[position] })} · ${titleOf(index, position)}</h2>
    <p><span class=${`outcome outcome-${state}`}><${Icon} name=${state} />${outcomeOf(index, position)}</span>
      ${index.app[position] && html`<span>${index.app[position]}</span>`}
      ${index.duration_ms[position] != null && html`<span>${lasted(index.duration_ms[position])}</span>`}
      ${index.error_kind[position] && html`<code>${index.error_kind[position]}</code>`}</p>
  </header>`;
}

/** Each leads to the steps that have it. @param {{session: import("./state.js").Session, flags: string[]}} props */
function Flags({ session, flags }) {
  if (flags.length === 0) return null;
  return html`<ul class="flags">${flags.map(
    (flag) => html`<li data-flag=${flag}><${Icon} name="flag" />
      <button type="button" class="quiet" title=${t("task.filter.sameFlag")} onClick=${() => session.set({ filter: { ...session.state.filter, flag } })}>
        <b>${t(`flag.${flag}`)}</b></button> ${t(`flag.${flag}.hint`)}</li>`,
  )}</ul>`;
}

/** @param {{kit: Kit, body: import("./bodies.js").Body}} props */
function Body({ kit, body }) {
  const { step, screenshot, usage } = body;
  const word = useFact(kit.session, (state) => state.filter.text.trim());
  return html`
    ${step.error_message &&
    html`<section class="problem"><h3>${t("task.error")}</h3><pre class="prose error" dir="auto" data-field="error">${withHits(step.error_message, word)}</pre></section>`}
    <section><h3>${t("task.thinking")}</h3>
      ${step.thinking
        ? html`<pre class="prose" dir="auto" data-field="thinking">${withHits(step.thinking, word)}</pre>`
        : html`<p class="none">${t("task.thinking.none")}</p>`}</section>
    <${Action} kit=${kit} step=${step} script=${body.script} />
    ${hasContent(step.action_result) &&
    html`<section><h3>${t("task.result")}</h3><div data-field="result"><${JsonTree} value=${step.action_result} /></div></section>`}
    ${hasContent(step.step_data) &&
    html`<section><h3>${t("task.data")}</h3><div data-field="data"><${JsonTree} value=${step.step_data} /></div></section>`}
    ${step.attributes?.["otel_steps.pictures"] && html`<${FurtherPictures} kit=${kit} step=${step} />`}
    <${Waterfall} kit=${kit} step=${step} />
    ${usage && html`<${StepUsage} usage=${usage} />`}
    <${Attributes} step=${step} screenshot=${screenshot} />`;
}

/** @param {any} value */
const hasContent = (value) =>
  value !== null && value !== undefined && (typeof value !== "object" || Object.keys(value).length > 0);

/** @param {{kit: Kit, step: any, script: Record<string, string | null>}} props */
function Action({ kit, step, script }) {
  const copyAs = async (/** @type {string} */ name) => {
    const text = name === "json" ? JSON.stringify(step.action, null, 2) : script[name];
    if (text) await copied(kit.session, text);
    else kit.session.set({ said: t("task.copy.none") });
  };
  if (!hasContent(step.action)) return html`<section><h3>${t("task.action")}</h3><p class="none">${t("task.action.absent")}</p></section>`;
  return html`<section><h3>${t("task.action")}
      <span class="copies">${FORMS.map(
        (name) => html`<button type="button" class="quiet" data-copy=${name} title=${t("task.key.copyAction")}
          onClick=${() => copyAs(name)}><${Icon} name="copy" />${t(`task.copy.${name}`)}</button>`,
      )}</span></h3>
    <div data-field="action"><${JsonTree} value=${step.action} /></div></section>`;
}

/** @param {{step: any, screenshot: any}} props */
function Attributes({ step, screenshot }) {
  const [isOpen, setOpen] = useState(false);
  return html`<details class="attributes" open=${isOpen} onToggle=${(/** @type {any} */ event) => setOpen(event.currentTarget.open)}>
    <summary>${t("task.attributes")}</summary>
    ${isOpen && html`<${AttributeTable} ...${{ step, screenshot }} />`}
  </details>`;
}
