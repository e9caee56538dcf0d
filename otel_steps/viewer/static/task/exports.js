// The task as a file, or as a program that does it again.

import { html, useState } from "../lib.js";
import { Icon } from "../icons.js";
import { learn, t } from "../i18n.js";
import { styled } from "../styled.js";
import { copied } from "./clipboard.js";
import { useFact } from "./state.js";

styled(`.task {
  .menu ul { position: absolute; inset-inline-end: 0; top: 32px; z-index: 20; min-width: 190px; padding: 4px; border: 1px solid var(--line); border-radius: var(--radius); background: var(--panel); box-shadow: 0 8px 28px rgb(0 0 0 / 25%); }
  .menu a { display: block; padding: 6px 10px; border-radius: 5px; color: inherit; text-decoration: none; white-space: nowrap; }
  .menu .public { padding: 6px 10px; border-bottom: 1px solid var(--line); }
  .menu .public label { display: flex; align-items: center; gap: 6px; white-space: nowrap; cursor: pointer; }
  .menu a:hover { background: color-mix(in srgb, var(--accent) 14%, var(--panel)); }
}`);
await learn("export");

const FILES = ["html", "json", "otlp.json", "atif.json", "jsonl", "gif"];
// What only some servers can make.
const VIDEOS = ["mp4", "webm"];
// What is short enough to be copied as well.
const SCRIPTS = ["sh", "py"];
// With fewer pictures a page is there before anybody would look for it.
const LONG = 40;

/** @param {{kit: import("./bodies.js").Kit, task: any, save: (pictures: number) => void}} props */
export default function Exports({ kit: { session, source }, task, save }) {
  const pictures = useFact(session, (state) => state.index.picture);
  const hasVideo = useFact(session, (state) => state.hasVideo);
  const [isPublic, setPublic] = useState(false);
  const url = (/** @type {string} */ format) => source.exportUrl(task.task_id, format, isPublic);
  const copy = async (/** @type {string} */ format) => {
    try {
      const answer = await fetch(url(format), { credentials: "same-origin" });
      if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
      await copied(session, await answer.text());
    } catch (error) {
      session.set({ said: t("task.export.failed", { error }) });
    }
  };
  // No picture is public.
  const count = isPublic ? 0 : new Set(pictures.filter(Boolean)).size;
  const watch = (/** @type {Event} */ event) => {
    event.preventDefault();
    /** @type {HTMLElement} */ (event.currentTarget).closest("details")?.removeAttribute("open");
    save(count);
  };
  return html`<ul tabindex="-1"><li class="public"><label title=${t("task.export.public.hint")}>
      <input type="checkbox" data-public checked=${isPublic} onChange=${() => setPublic(!isPublic)} />${t("task.export.public")}</label></li>
    ${[...FILES, ...(hasVideo ? VIDEOS : []), ...SCRIPTS].map((format) => html`<li key=${format}>
    <a href=${url(format)} download onClick=${format === "html" && count >= LONG ? watch : undefined}>${t(`task.export.${format}`)}</a>
    ${SCRIPTS.includes(format) && html`<button type="button" class="quiet" data-copy-export=${format} title=${t("task.copy")}
      aria-label=${`${t("task.copy")}: ${t(`task.export.${format}`)}`} onClick=${() => copy(format)}><${Icon} name="copy" /></button>`}</li>`)}</ul>`;
}
