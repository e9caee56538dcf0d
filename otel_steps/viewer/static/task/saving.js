// A file with many pictures on its way: how far it is, a way to stop it, and the file once it is whole.

import { html, useEffect, useRef, useState } from "../lib.js";
import { Icon } from "../icons.js";
import { learn, t } from "../i18n.js";
import { sheet } from "../sheets.js";
import { pictureCounter, fileName } from "./arriving.js";

await Promise.all([learn("export"), sheet("saving.css")]);

/** @param {{url: string, count: number, onEnd: () => void}} props */
export default function Saving({ url, count, onEnd }) {
  const [done, setDone] = useState(0);
  const [error, setError] = useState("");
  const [turn, setTurn] = useState(0);
  const end = useRef(onEnd);
  end.current = onEnd;
  useEffect(() => {
    const stop = new AbortController();
    setError("");
    setDone(0);
    saved(url, setDone, stop.signal).then(
      () => end.current(),
      (problem) => stop.signal.aborted || setError(String(problem?.message ?? problem)),
    );
    return () => stop.abort();
  }, [url, turn]);
  return html`<div class="saving" role="status"><${Icon} name=${error ? "flag" : "download"} />
    ${error
      ? html`<span>${t("task.saving.failed")} <small>${error}</small></span>
        <button type="button" class="button" onClick=${() => setTurn(turn + 1)}>${t("task.saving.retry")}</button>`
      : html`<span>${t("task.saving", { done: Math.min(done, count), count })}</span>
        <progress value=${done} max=${count} aria-label=${t("task.export")}></progress>`}
    <button type="button" class="button" onClick=${onEnd}>${t(error ? "task.key.close" : "task.saving.stop")}</button></div>`;
}

/** @param {string} url @param {(done: number) => void} progress Pictures that have arrived. @param {AbortSignal} signal */
async function saved(url, progress, signal) {
  const answer = await fetch(url, { credentials: "same-origin", signal });
  if (!answer.ok || !answer.body) throw new Error(`HTTP ${answer.status}`);
  const name = fileName(answer.headers.get("Content-Disposition"));
  const counted = pictureCounter();
  const watched = answer.body.pipeThrough(
    new TransformStream({
      transform(chunk, controller) {
        progress(counted(chunk));
        controller.enqueue(chunk);
      },
    }),
  );
  // A file that broke off raises here, and nobody gets half of one.
  const href = URL.createObjectURL(await new Response(watched).blob());
  Object.assign(document.createElement("a"), { href, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(href), 60000);
}
