// A task's key frames. Moving along them goes through the whole task, in a larger picture beside them.

import { html, useRef, useState } from "../lib.js";
import { Icon } from "../icons.js";
import { t } from "../i18n.js";
import { taskLink } from "../route.js";
import { pictureUpTo, positionAt } from "./scrub.js";

/** @typedef {import("./tasks.js").Task} Task */
/** @typedef {{number: number[], picture: (string | null)[]}} Film Of the key frames, or of all steps. */
/** @typedef {{picture: string, number: number, share: number, left: number, top: number}} Seen */

const INTENT_MS = 120;
// The index of a longer task is more than a glance is worth.
const LONGEST = 500;
const LENS = { width: 236, height: 512, gap: 14 };
/** @type {Map<string, Film>} */
const films = new Map();
const KEPT = 40;

/** @param {{source: any, task: Task}} props */
export function KeyFrames({ source, task }) {
  const [seen, setSeen] = useState(/** @type {Seen | null} */ (null));
  const timer = useRef(0);
  const frames = task.frames ?? [];
  if (frames.length === 0) {
    return html`<div class="frames no-frames"><span><${Icon} name="image" />${t("list.noPictures")}</span></div>`;
  }
  const enter = () => {
    timer.current = setTimeout(() => void fetched(source, task), INTENT_MS);
  };
  const move = (/** @type {PointerEvent} */ event) => {
    if (event.pointerType !== "touch") setSeen(seenAt(task, event));
  };
  const leave = () => {
    clearTimeout(timer.current);
    setSeen(null);
  };
  return html`<div class=${frames.some(isWide) ? "frames is-wide" : "frames"} role="group" aria-label=${t("list.frames")}
    onPointerEnter=${enter} onPointerMove=${move} onPointerLeave=${leave}>
    ${frames.map((frame) => html`<${Frame} key=${frame.number} ...${{ source, task, frame }} />`)}
    ${seen && html`<${Lens} source=${source} seen=${seen} task=${task} />`}
  </div>`;
}

/** @param {{source: any, task: Task, frame: import("./tasks.js").Frame}} props */
function Frame({ source, task, frame }) {
  const isFailure = frame.kind === "failure";
  const words = t("list.frame", { number: frame.number });
  const label = isFailure ? `${words}, ${t("list.frame.failure")}` : words;
  return html`<a class=${`frame-link frame-${frame.kind}`} href=${taskLink(task.task_id, frame.number)} tabindex="-1"
      style=${{ "--ratio": frame.width && frame.height ? frame.width / frame.height : 52 / 114 }}
      data-frame=${frame.number}>
    <img src=${source.imageUrl(frame.sha256, 120)} alt=${label} loading="lazy" decoding="async" draggable=${false} />
    <span class="frame-number" aria-hidden="true">${isFailure && html`<${Icon} name="fail" />`}${frame.number}</span></a>`;
}

/** Five of a screen this wide stand in two rows. @param {import("./tasks.js").Frame} frame */
const isWide = ({ width, height }) => (width ?? 0) > (height ?? 0);

/** @param {{source: any, seen: Seen, task: Task}} props */
function Lens({ source, seen, task }) {
  const style = { left: `${seen.left}px`, top: `${seen.top}px` };
  return html`<div class="lens" style=${style} aria-hidden="true">
    <img src=${source.imageUrl(seen.picture, 270)} alt="" />
    <p>${t("list.frame.of", { number: seen.number, count: task.total_steps ?? 0 })}</p>
    <i><b style=${{ width: `${seen.share * 100}%` }}></b></i></div>`;
}

/** What the pointer is at. @param {Task} task @param {PointerEvent} event @returns {Seen | null} */
function seenAt(task, event) {
  const strip = /** @type {HTMLElement} */ (event.currentTarget);
  const boxes = [...strip.querySelectorAll("[data-frame]")].map((each) => each.getBoundingClientRect());
  const film = films.get(keyOf(task)) ?? filmOf(task);
  const positions = task.frames.map((frame) => Math.max(film.number.indexOf(frame.number), 0));
  const middles = boxes.map((box) => box.left + box.width / 2);
  const found = pictureUpTo(film.picture, positionAt(event.clientX, middles, positions));
  if (!found) return null;
  return {
    picture: found.picture,
    number: film.number[found.position],
    share: (found.position + 1) / film.number.length,
    ...placeBeside(boxes[boxes.length - 1]),
  };
}

/** Right of the last frame, as far as the window reaches. @param {DOMRect} box */
function placeBeside(box) {
  const lowest = Math.max(innerHeight - LENS.height - 8, 8);
  return {
    left: Math.min(box.right + LENS.gap, innerWidth - LENS.width - 8),
    top: Math.min(Math.max(box.top - 24, 8), lowest),
  };
}

/** @param {Task} task */
const keyOf = (task) => `${task.task_id} ${task.last_activity} ${task.total_steps}`;

/** @param {Task} task @returns {Film} */
const filmOf = ({ frames }) => ({ number: frames.map((each) => each.number), picture: frames.map((each) => each.sha256) });

/** Fetch the pictures of all steps; the key frames alone do where that fails. @param {any} source @param {Task} task */
async function fetched(source, task) {
  const key = keyOf(task);
  if (films.has(key) || (task.total_steps ?? 0) > LONGEST) return;
  const index = await source.index(task.task_id).catch(() => null);
  if (!index) return;
  films.set(key, { number: index.number, picture: index.picture });
  if (films.size > KEPT) films.delete(/** @type {string} */ (films.keys().next().value));
}
