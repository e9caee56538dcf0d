// What people write about a task: a note and tags.

import { html, useEffect, useState } from "../lib.js";
import { Icon } from "../icons.js";
import { errorText, t } from "../i18n.js";
import { styled } from "../styled.js";
import { useFact } from "./state.js";

styled(`.task {
  .annotations { display: grid; gap: 6px; margin-top: 14px; padding-top: 2px; border-top: 1px solid var(--line); }
  .annotations textarea { padding: 6px 8px; resize: vertical; }
  .annotations button { justify-self: start; }
  .annotations button:disabled { opacity: 0.45; cursor: default; }
  .tag { display: inline-flex; align-items: center; gap: 4px; width: fit-content; padding: 1px 8px; border-radius: 99px; border: 1px solid var(--line); }
}`);

/** @typedef {import("./bodies.js").Kit} Kit */

/** Tags as they are typed: separated by commas of either script, each once. @param {string} text */
export const tagsOf = (text) => [...new Set(text.split(/[,，、\n]/).map((tag) => tag.trim()).filter(Boolean))];

/** @param {{kit: Kit}} props */
export default function Annotations({ kit }) {
  const { session, source, taskId } = kit;
  const task = useFact(session, (state) => state.task);
  const [notes, setNotes] = useState(task.notes ?? "");
  const [tags, setTags] = useState((task.tags ?? []).join(", "));
  const [error, setError] = useState("");
  // What another reader wrote appears, as long as nothing is being written here.
  useEffect(() => setNotes(task.notes ?? ""), [task.notes]);
  useEffect(() => setTags((task.tags ?? []).join(", ")), [JSON.stringify(task.tags)]);
  const isChanged = notes !== (task.notes ?? "") || tagsOf(tags).join() !== (task.tags ?? []).join();
  const save = async (/** @type {Event} */ event) => {
    event.preventDefault();
    try {
      const answer = await source.annotate(taskId, { tags: tagsOf(tags), notes });
      session.set({ task: answer.task, said: t("task.note.saved") });
      setError("");
    } catch (problem) {
      setError(errorText(problem));
    }
  };
  if (!source.annotate) return html`<${Written} task=${task} />`;
  return html`<form class="annotations" onSubmit=${save}><h3>${t("task.note")}</h3>
    <textarea data-note rows="2" dir="auto" aria-label=${t("task.note")} placeholder=${t("task.note.hint")} value=${notes}
      onInput=${(/** @type {any} */ event) => setNotes(event.target.value)}></textarea>
    <input data-tags dir="auto" aria-label=${t("task.tags")} placeholder=${t("task.tags.hint")} value=${tags}
      onInput=${(/** @type {any} */ event) => setTags(event.target.value)} />
    ${error && html`<p class="error" role="alert">${error}</p>`}
    <button type="submit" disabled=${!isChanged}>${t("task.note.save")}</button>
  </form>`;
}

/** @param {{task: any}} props */
function Written({ task }) {
  if (!task.notes && !task.tags?.length) return null;
  return html`<section class="annotations"><h3>${t("task.note")}</h3>
    ${task.notes && html`<pre class="prose" dir="auto">${task.notes}</pre>`}
    ${(task.tags ?? []).map((/** @type {string} */ tag) => html`<span class="tag"><${Icon} name="tag" />${tag}</span>`)}
  </section>`;
}
