// Other tasks that came to a screen like the one before the selected step.

import { html, useEffect, useRef, useState } from "../lib.js";
import { errorText, percentText, t } from "../i18n.js";
import { taskLink } from "../route.js";
import { Status } from "../status.js";
import { styled } from "../styled.js";
import { useFact } from "./state.js";

/** @typedef {{task_id: string, task_description: string | null, status: string | null, step_number: number, picture: string | null, bits: number}} Found */

styled(`
  .similar { width: min(900px, 94vw); max-height: 88vh; padding: 16px 20px; border: 1px solid var(--line); border-radius: 12px; background: var(--panel); color: var(--text); font-size: 13px; box-shadow: 0 20px 60px rgb(0 0 0 / 40%);
    &:focus-visible { outline: none; }
    &::backdrop { background: rgb(0 0 0 / 45%); }
    h2 { display: flex; align-items: center; justify-content: space-between; gap: 12px; margin: 0 0 10px; font-size: 16px; }
    button { width: 30px; height: 30px; margin: -4px -8px 0 0; border: 0; border-radius: 6px; background: none; color: var(--muted); font: inherit; cursor: pointer; }
    p { margin: 0; color: var(--muted); }
    ul { display: grid; grid-template-columns: repeat(auto-fill, minmax(128px, 1fr)); gap: 12px; margin: 0; padding: 0; list-style: none; }
    a { display: grid; justify-items: start; gap: 2px; padding: 6px; border: 1px solid var(--line); border-radius: var(--radius); color: inherit; text-decoration: none; overflow-wrap: anywhere; }
    a:hover { border-color: var(--accent); }
    img { width: 100%; height: 210px; object-fit: contain; border-radius: 5px; background: var(--bg); }
    .title { display: -webkit-box; -webkit-line-clamp: 2; -webkit-box-orient: vertical; overflow: hidden; }
    small { color: var(--muted); }
  }`);

const BITS = 64;

/** @param {{kit: import("./bodies.js").Kit, close: () => void}} props */
export default function Similar({ kit: { session, source }, close }) {
  const dialog = useRef(/** @type {HTMLDialogElement | null} */ (null));
  const index = useFact(session, (state) => state.index);
  const position = useFact(session, (state) => state.position);
  const task = useFact(session, (state) => state.task);
  const number = index.number[position];
  const [state, setState] = useState({ found: /** @type {Found[] | null} */ (null), error: "" });
  useEffect(() => dialog.current?.showModal(), []);
  useEffect(() => {
    let isWanted = true;
    source.similar(task.task_id, number).then(
      (/** @type {{similar: Found[]}} */ { similar }) => isWanted && setState({ found: similar, error: "" }),
      (/** @type {any} */ error) => isWanted && setState({ found: null, error: errorText(error) }),
    );
    return () => {
      isWanted = false;
    };
  }, [source, task.task_id, number]);
  const outside = (/** @type {MouseEvent} */ event) => event.target === dialog.current && close();
  return html`<dialog class="similar" ref=${dialog} aria-label=${t("task.similar.title", { number })} aria-busy=${!state.found && !state.error}
    onClose=${close} onClick=${outside}>
    <h2>${t("task.similar.title", { number })}<button type="button" aria-label=${t("task.key.close")} onClick=${close}>✕</button></h2>
    ${state.error && html`<p role="alert">${state.error}</p>`}
    ${state.found?.length === 0 && html`<p role="status">${t("task.similar.none")}</p>`}
    ${state.found && state.found.length > 0 && html`<ul>${state.found.map((each) => html`<li key=${each.task_id}>
      <${Screen} source=${source} found=${each} /></li>`)}</ul>`}
  </dialog>`;
}

/** @param {{source: any, found: Found}} props */
function Screen({ source, found: { task_id, task_description, status, step_number, picture, bits } }) {
  const likeness = bits === 0 ? t("task.similar.same") : t("task.similar.alike", { share: percentText(1 - bits / BITS) });
  return html`<a href=${taskLink(task_id, step_number)}>
    ${picture && html`<img src=${source.imageUrl(picture, 540)} alt="" loading="lazy" />`}
    <span class="title" dir="auto">${task_description || task_id}</span>
    <${Status} status=${status} />
    <small>${t("task.step", { number: step_number })} · ${likeness}</small></a>`;
}
