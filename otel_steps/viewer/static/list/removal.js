// Deleting tasks: what goes is said first, nothing more goes than was said, and it goes in portions.

import { html, useEffect, useRef, useState } from "../lib.js";
import { errorText, numberText, t } from "../i18n.js";
import { styled } from "../styled.js";

styled(`
  .removal { width: min(460px, 92vw); padding: 18px 22px; border: 1px solid var(--line); border-radius: 12px; background: var(--panel); color: var(--text); box-shadow: 0 20px 60px rgb(0 0 0 / 40%);
    &::backdrop { background: rgb(0 0 0 / 45%); }
    h2 { margin: 0 0 10px; font-size: 16px; }
    ul { margin: 0 0 10px; padding-inline-start: 20px; }
    p { margin: 0 0 10px; }
    .error { color: var(--fail); }
    progress { width: 100%; }
    footer { display: flex; justify-content: flex-end; gap: 8px; margin-top: 14px; }
    .deletes { border-color: var(--fail); background: #b3261e; color: #fff; }
    .deletes:disabled { opacity: 0.5; }
  }`);

// So many at a time: an answer comes soon, and who stops it stops it there.
const PORTION = 50;

/** @typedef {{task_ids: string[], tasks: number, steps: number, pictures: number, bytes: number, running: number, before: string}} Plan */

/** @param {{source: any, which: import("./bulk.js").Which, end: () => void, done: () => void}} props */
export default function Removal({ source, which, end, done }) {
  const dialog = useRef(/** @type {HTMLDialogElement | null} */ (null));
  const [plan, setPlan] = useState(/** @type {Plan | null} */ (null));
  const [gone, setGone] = useState(-1);
  const [error, setError] = useState("");
  const isStopped = useRef(false);
  useEffect(() => {
    dialog.current?.showModal();
    source.post(`api/selection/removal?${which.filters}`, { task_ids: which.task_ids }).then(setPlan, (/** @type {any} */ problem) => setError(errorText(problem)));
    return () => {
      isStopped.current = true;
    };
  }, []);
  const remove = async () => {
    if (!plan) return;
    setGone(0);
    try {
      for (let at = 0; at < plan.task_ids.length && !isStopped.current; at += PORTION) {
        const task_ids = plan.task_ids.slice(at, at + PORTION);
        await source.post("api/selection/removal", { task_ids, before: plan.before, is_confirmed: true });
        setGone(Math.min(at + PORTION, plan.tasks));
      }
      done();
    } catch (problem) {
      setError(errorText(problem));
      setGone(-1);
    }
  };
  return html`<dialog class="removal" ref=${dialog} aria-labelledby="removal" onClose=${end}>
    <h2 id="removal">${t("bulk.delete.title")}</h2>
    ${plan && html`<ul><li>${t("bulk.delete.tasks", { count: plan.tasks })}</li><li>${t("bulk.delete.steps", { count: plan.steps })}</li>
        <li>${t("bulk.delete.pictures", { count: plan.pictures })}</li><li>${t("bulk.delete.bytes", { size: sizeText(plan.bytes) })}</li></ul>
      ${plan.running > 0 && html`<p>${t("bulk.delete.running", { count: plan.running })}</p>`}
      <p>${t("bulk.delete.hint")}</p>`}
    ${!plan && !error && html`<p aria-busy="true">${t("bulk.delete.counting")}</p>`}
    ${gone >= 0 && plan && html`<progress value=${gone} max=${plan.tasks} aria-label=${t("bulk.delete.title")}></progress>`}
    ${error && html`<p class="error" role="alert">${error}</p>`}
    <footer><button type="button" class="button" onClick=${() => (gone >= 0 ? done() : end())}>${t(gone >= 0 ? "bulk.delete.stop" : "bulk.delete.cancel")}</button>
      ${plan && plan.tasks > 0 && html`<button type="button" class="button deletes" disabled=${gone >= 0} onClick=${remove}>
        ${t("bulk.delete.do", { count: plan.tasks })}</button>`}</footer>
  </dialog>`;
}

/** @param {number} bytes */
const sizeText = (bytes) =>
  bytes < 1e6 ? `${numberText(Math.ceil(bytes / 1e3))} kB` : `${numberText(bytes / 1e6, { maximumFractionDigits: 1 })} MB`;
