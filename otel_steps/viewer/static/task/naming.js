// Steps, flags and times in words.

import { numberText, t } from "../i18n.js";
import { argumentAt, hasFailed, isRunning, kindAt } from "./steps.js";

/** @typedef {import("./steps.js").Index} Index */

/** @param {string} marker */
export const wordOf = (marker) => t(`task.action.${marker || "none"}`);

/** An action's name in the reader's language; one that nobody knows stays as the agent wrote it.
 * @param {Index} index @param {number} position */
export function actionWord(index, position) {
  const kind = kindAt(index, position);
  if (kind === "" && index.type[position] === "thinking") return t("task.thinking");
  return kind === "unknown" ? String(index.action[position]) : wordOf(kind);
}

/** @param {Index} index @param {number} position */
export function titleOf(index, position) {
  const argument = argumentAt(index, position);
  return argument ? `${actionWord(index, position)} ${argument}` : actionWord(index, position);
}

/** @param {Index} index @param {number} position */
export function outcomeOf(index, position) {
  if (hasFailed(index, position)) return t("task.outcome.failed");
  if (isRunning(index, position)) return t("task.outcome.running");
  return t(index.success[position] === null ? "task.outcome.unknown" : "task.outcome.ok");
}

/** What the player's slider says. @param {Index} index @param {number} position */
export function positionText(index, position) {
  if (position < 0) return t("task.noSteps");
  return t("task.positionText", {
    number: index.number[position],
    count: index.count,
    title: actionWord(index, position),
    outcome: outcomeOf(index, position),
  });
}

/** For those who cannot see the picture: "Step 8 before: Tap 512, 884, WeChat".
 * @param {Index} index @param {number} position @param {"before" | "after"} side */
export function altOf(index, position, side) {
  const words = [titleOf(index, position), index.app[position]].filter(Boolean).join(", ");
  return t(`task.alt.${side}`, { number: index.number[position], words });
}

/** @param {number | null | undefined} ms */
export function lasted(ms) {
  if (ms == null) return "";
  if (ms < 1000) return t("duration.ms", { ms: ms < 1 ? numberText(ms, { maximumFractionDigits: 2 }) : Math.round(ms) });
  if (ms < 60000) return t("duration.s", { s: numberText(ms / 1000, { minimumFractionDigits: 1, maximumFractionDigits: 1 }) });
  return clockText(ms);
}

/** Minutes and seconds. @param {number} ms */
export function clockText(ms) {
  const seconds = Math.floor(ms / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}
