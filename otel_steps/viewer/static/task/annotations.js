// What people say of a step and of the task: thumbs, scores, a note and tags. Nobody's words are lost: who has
// not seen what another wrote meanwhile is shown it before anything is replaced.

import { html, useRef, useState } from "../lib.js";
import { Icon } from "../icons.js";
import { errorText, t } from "../i18n.js";
import { may } from "../role.js";
import { styled } from "../styled.js";
import { useBody } from "./bodies.js";
import { Scores, Thumbs } from "./scores.js";
import { useFact } from "./state.js";
import { tagsOf } from "./tagging.js";

styled(`.task {
  .annotations { display: grid; gap: 6px; margin-top: 14px; padding-top: 2px; border-top: 1px solid var(--line); }
  .annotations h3 { display: flex; align-items: center; gap: 4px; }
  .annotations textarea { padding: 6px 8px; resize: vertical; }
  .annotations > button { justify-self: start; }
  .annotations button:disabled { opacity: 0.45; cursor: default; }
  .tag { display: inline-flex; align-items: center; gap: 4px; width: fit-content; padding: 1px 8px; border-radius: 99px; border: 1px solid var(--line); }
}`);

/** @typedef {import("./bodies.js").Kit} Kit */
/** @typedef {{tags?: string[] | null, notes?: string | null, scores?: import("./scores.js").Score[] | null}} Said */
/** @typedef {{tags: string, notes: string, seen: Said}} Draft What is being written, and what stood there before. */
/**
 * @typedef {object} Subject
 * @property {"step" | "task"} name
 * @property {string} id
 * @property {any} row
 * @property {(written: any) => Promise<any>} write Resolves to the row as it is then.
 * @property {() => Promise<any>} read
 * @property {(row: any) => void} took
 */

/** What is being written stays while the reader looks at other steps. @type {Map<string, Draft>} */
const drafts = new Map();

/** @param {any} row @returns {Said} */
const saidIn = ({ tags, notes }) => ({ tags: tags ?? [], notes: notes ?? "" });

/** @param {{kit: Kit}} props */
export default function Annotations({ kit }) {
  const task = useFact(kit.session, (state) => state.task);
  const { body } = useBody(kit);
  const subjects = [...(body ? [stepOf(kit, body)] : []), taskOf(kit, task)];
  const Part = may("annotate") ? Form : Written;
  return subjects.map((subject) => html`<${Part} key=${subject.id} subject=${subject} session=${kit.session} />`);
}

/** @param {Kit} kit @param {any} task @returns {Subject} */
const taskOf = ({ source, session, taskId }, task) => ({
  name: "task",
  id: taskId,
  row: task,
  write: async (written) => (await source.annotate(taskId, written)).task,
  read: async () => (await source.task(taskId)).task,
  took: (row) => session.set({ task: { ...session.state.task, ...row } }),
});

/** @param {Kit} kit @param {import("./bodies.js").Body} body @returns {Subject} */
const stepOf = ({ source, session, bodies, taskId }, body) => ({
  name: "step",
  id: body.step.id,
  row: body.step,
  write: (written) => source.annotate(taskId, written, body.step.id),
  read: async () => (await source.step(taskId, body.step.id)).step,
  took: (row) => {
    const { index } = session.state;
    const at = index.id.indexOf(row.id);
    const { tags = [], scores = [] } = index;
    const changed = { ...index, tags: replaced(tags, at, row.tags), scores: replaced(scores, at, row.scores) };
    bodies.put(changed, at, { ...body, step: row });
    session.set({ index: changed });
  },
});

/** @template T @param {T[]} values @param {number} at @param {T} value */
const replaced = (values, at, value) => Object.assign([...values], { [at]: value });

/** @param {{subject: Subject, session: import("./state.js").Session}} props */
function Form({ subject, session }) {
  const { name, id, row } = subject;
  const [, redraw] = useState(0);
  const [error, setError] = useState("");
  const known = saidIn(row);
  const draft = drafts.get(id) ?? { tags: (known.tags ?? []).join(", "), notes: known.notes ?? "", seen: known };
  const isChanged = draft.notes !== known.notes || tagsOf(draft.tags).join() !== known.tags?.join();
  const draw = (/** @type {Draft | null} */ written) => {
    if (written) drafts.set(id, written);
    else drafts.delete(id);
    redraw((count) => count + 1);
  };
  const say = async (/** @type {Said} */ said, /** @type {Said} */ seen, /** @type {(row: any) => void} */ done) => {
    try {
      const now = await subject.write({ ...said, seen });
      subject.took(now);
      done(now);
      session.set({ said: t("judge.saved") });
      setError("");
    } catch (/** @type {any} */ problem) {
      if (problem?.code !== "conflict") return setError(errorText(problem));
      const now = await subject.read().catch(() => row);
      subject.took(now);
      if (drafts.has(id)) draw({ ...draft, seen: saidIn(now) });
      setError(t("judge.conflict", { tags: (now.tags ?? []).join(", ") || "–", notes: now.notes || "–" }));
    }
    return undefined;
  };
  // One after the other: each has then seen what the one before it has written.
  const latest = useRef(row);
  latest.current = row;
  const turn = useRef(Promise.resolve());
  const inTurn = (/** @type {() => Promise<void>} */ work) => {
    turn.current = turn.current.then(work);
  };
  const save = (/** @type {Event} */ event) => {
    event.preventDefault();
    inTurn(async () => {
      const written = drafts.get(id);
      if (!written) return;
      await say({ tags: tagsOf(written.tags), notes: written.notes }, written.seen, (now) => {
        // What has been written since then is not saved yet.
        const later = drafts.get(id);
        draw(later && later !== written ? { ...later, seen: saidIn(now) } : null);
      });
    });
  };
  const judge = (/** @type {import("./scores.js").Score[]} */ scores) =>
    inTurn(() =>
      say({ scores }, { scores: latest.current.scores ?? [] }, (now) => {
        latest.current = now;
      }),
    );
  const field = (/** @type {"notes" | "tags"} */ part) => ({
    [`data-${name === "step" ? "step-" : ""}${part === "notes" ? "note" : "tags"}`]: true,
    dir: "auto",
    "aria-label": `${t(`judge.${name}`)}: ${t(`judge.${part}`)}`,
    placeholder: t(`judge.${part}.hint`),
    value: draft[part],
    onInput: (/** @type {any} */ event) => draw({ ...draft, [part]: event.target.value }),
    onKeyDown: (/** @type {any} */ event) => {
      if (event.isComposing) return;
      if (event.key === "Escape") event.target.blur();
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) event.target.form.requestSubmit();
    },
  });
  return html`<form class="annotations" data-subject=${name} onSubmit=${save}>
    <h3>${t(`judge.${name}`)} <${Thumbs} scores=${row.scores ?? []} change=${judge} subject=${name} /></h3>
    <textarea rows=${name === "step" ? 1 : 2} ...${field("notes")}></textarea>
    <input ...${field("tags")} />
    ${error && html`<p class="error" role="alert">${error}</p>`}
    <button type="submit" disabled=${!isChanged}>${t("judge.save")}</button>
    <${Scores} scores=${row.scores ?? []} change=${judge} />
  </form>`;
}

/** For those who may only read. @param {{subject: Subject}} props */
function Written({ subject: { name, row } }) {
  if (!row.notes && !row.tags?.length && !row.scores?.length) return null;
  return html`<section class="annotations"><h3>${t(`judge.${name}`)}</h3>
    ${row.notes && html`<pre class="prose" dir="auto">${row.notes}</pre>`}
    ${(row.tags ?? []).map((/** @type {string} */ tag) => html`<span class="tag"><${Icon} name="tag" />${tag}</span>`)}
    <${Scores} scores=${row.scores ?? []} />
  </section>`;
}
