// The task as a file, or as a program that does it again.

import { html } from "../lib.js";
import { Icon } from "../icons.js";
import { learn, t } from "../i18n.js";
import { copied } from "./clipboard.js";
import { useFact } from "./state.js";

await learn("export");

const FILES = ["html", "json", "otlp.json", "atif.json", "gif"];
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
  const url = (/** @type {string} */ format) => source.exportUrl(task.task_id, format);
  const copy = async (/** @type {string} */ format) => {
    try {
      const answer = await fetch(url(format), { credentials: "same-origin" });
      if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
      await copied(session, await answer.text());
    } catch (error) {
      session.set({ said: t("task.export.failed", { error }) });
    }
  };
  const count = new Set(pictures.filter(Boolean)).size;
  const watch = (/** @type {Event} */ event) => {
    event.preventDefault();
    /** @type {HTMLElement} */ (event.currentTarget).closest("details")?.removeAttribute("open");
    save(count);
  };
  return html`<ul>${[...FILES, ...(hasVideo ? VIDEOS : []), ...SCRIPTS].map((format) => html`<li key=${format}>
    <a href=${url(format)} download onClick=${format === "html" && count >= LONG ? watch : undefined}>${t(`task.export.${format}`)}</a>
    ${SCRIPTS.includes(format) && html`<button type="button" class="quiet" data-copy-export=${format} title=${t("task.copy")}
      aria-label=${`${t("task.copy")}: ${t(`task.export.${format}`)}`} onClick=${() => copy(format)}><${Icon} name="copy" /></button>`}</li>`)}</ul>`;
}
