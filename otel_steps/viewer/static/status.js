// A task's status: a shape, a word and a colour, so that none of them is needed alone.

import { html } from "./lib.js";
import { Icon } from "./icons.js";
import { t } from "./i18n.js";

/** @type {Record<string, string>} */
export const STATUS_ICONS = {
  running: "running",
  completed: "ok",
  failed: "fail",
  cancelled: "stopped",
  interrupted: "interrupted",
  max_steps: "limit",
};

/** @param {{status: string | null, children?: unknown}} props What else belongs to it stands behind the word. */
export function Status({ status, children }) {
  const name = status && status in STATUS_ICONS ? status : "unknown";
  return html`<span class=${`status status-${name}`} data-status=${status}>
    <${Icon} name=${STATUS_ICONS[name] ?? "unknown"} />${t(`status.${name}`)}${children}</span>`;
}
