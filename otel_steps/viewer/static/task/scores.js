// Scores of a step or a task: thumbs for the quickest, and any other by its name.

import { html, useState } from "../lib.js";
import { Icon } from "../icons.js";
import { numberText, t } from "../i18n.js";
import { styled } from "../styled.js";

styled(`.task {
  .thumbs { display: inline-flex; gap: 4px; margin-inline-start: auto; }
  .thumbs button { display: inline-flex; padding: 4px 6px; }
  .thumbs [aria-pressed="true"] { border-color: var(--accent); color: var(--accent); background: color-mix(in srgb, var(--accent) 14%, var(--panel)); }
  .thumbs [data-rate="-1"] svg { rotate: 180deg; }
  .scores { display: grid; gap: 4px; margin: 0; padding: 0; list-style: none; }
  .scores li { display: flex; align-items: baseline; gap: 6px; overflow-wrap: anywhere; }
  .scores small { color: var(--muted); }
  .scores button { margin-inline-start: auto; padding: 2px 5px; }
  .score-new { display: grid; grid-template-columns: minmax(0, 1fr) 84px; gap: 6px; margin-top: 6px; }
  .score-new input { min-width: 0; }
  .score-new > :nth-child(3) { grid-column: 1 / -1; }
  .score-new button { justify-self: start; }
}`);

/** @typedef {{name: string, value?: number | null, label?: string | null, explanation?: string | null}} Score */
/** @typedef {(scores: Score[]) => void} Change */

/** What the thumbs say: one score of this name. */
const RATING = "rating";
const LABELS = { "1": "good", "-1": "bad" };
const THUMB = "M7 11v9H4v-9zm0 0 4-8a2 2 0 0 1 2 2v4h6a2 2 0 0 1 2 2.3l-1.2 7A2 2 0 0 1 17.8 20H7";

/** @param {Score[]} scores @param {Score} score */
const withScore = (scores, score) => [...scores.filter(({ name }) => name !== score.name), score];

/** Pressed again, a thumb is taken back. @param {{scores: Score[], change: Change, subject: string}} props */
export function Thumbs({ scores, change, subject }) {
  const now = scores.find(({ name }) => name === RATING)?.value;
  const thumb = (/** @type {1 | -1} */ value) => {
    const isOn = now === value;
    const others = scores.filter(({ name }) => name !== RATING);
    const label = t(`judge.${LABELS[value]}`);
    return html`<button type="button" data-rate=${value} aria-pressed=${isOn} title=${label} aria-label=${`${t(`judge.${subject}`)}: ${label}`}
      onClick=${() => change(isOn ? others : withScore(scores, { name: RATING, value, label: LABELS[value] }))}>
      <svg class="icon" viewBox="0 0 24 24" width="16" height="16" aria-hidden="true" fill=${isOn ? "currentColor" : "none"}
        stroke="currentColor" stroke-width="1.9" stroke-linejoin="round"><path d=${THUMB} /></svg></button>`;
  };
  return html`<span class="thumbs">${thumb(1)}${thumb(-1)}</span>`;
}

/** @param {{scores: Score[], change?: Change}} props Without `change` they are only read. */
export function Scores({ scores, change }) {
  const shown = scores.filter(({ name }) => !change || name !== RATING);
  return html`${shown.length > 0 && html`<ul class="scores">${shown.map(
      (score) => html`<li key=${score.name}><b>${score.name}</b> ${[score.value == null ? "" : numberText(score.value), score.label].filter(Boolean).join(" · ")}
        ${score.explanation && html`<small dir="auto">${score.explanation}</small>`}
        ${change && html`<button type="button" class="quiet" aria-label=${t("judge.score.remove", { name: score.name })}
          onClick=${() => change(scores.filter((each) => each !== score))}><${Icon} name="clear" /></button>`}</li>`,
    )}</ul>`}
    ${change && html`<${NewScore} add=${(/** @type {Score} */ score) => change(withScore(scores, score))} />`}`;
}

/** @param {{add: (score: Score) => void}} props */
function NewScore({ add }) {
  const [written, setWritten] = useState({ name: "", value: "", explanation: "" });
  const field = (/** @type {"name" | "value" | "explanation"} */ part) => ({
    "aria-label": t(`judge.score.${part}`),
    placeholder: t(`judge.score.${part}`),
    value: written[part],
    onInput: (/** @type {any} */ event) => setWritten({ ...written, [part]: event.target.value }),
    // Enter is for this score, not for the form around it.
    onKeyDown: (/** @type {any} */ event) => {
      if (event.key !== "Enter" || event.isComposing) return;
      event.preventDefault();
      save();
    },
  });
  const value = Number.parseFloat(written.value);
  const isWhole = written.name.trim() !== "" && value >= -1 && value <= 1;
  const save = () => {
    if (!isWhole) return;
    add({ name: written.name.trim(), value, ...(written.explanation ? { explanation: written.explanation } : {}) });
    setWritten({ name: "", value: "", explanation: "" });
  };
  return html`<details><summary>${t("judge.score.add")}</summary>
    <div class="score-new"><input ...${field("name")} />
      <input type="number" min="-1" max="1" step="any" ...${field("value")} />
      <input ...${field("explanation")} />
      <button type="button" disabled=${!isWhole} onClick=${save}>${t("judge.score.save")}</button></div>
  </details>`;
}
