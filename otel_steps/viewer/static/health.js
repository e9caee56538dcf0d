// What the recorder has to say, and what it is that is looked at where that is no store.

import { html } from "./lib.js";
import { Icon } from "./icons.js";
import { t } from "./i18n.js";
import { styled } from "./styled.js";

/**
 * @typedef {object} Health
 * @property {string | null} pack Name of the file that is looked at in place of a store.
 * @property {number} waiting
 * @property {number} pictures_waiting
 * @property {number} dead
 * @property {number} pictures_dead
 * @property {{kind: string, message: string, remedy: string}[]} problems
 */

styled(`
  .health { min-width: 0; }
  .health summary { max-width: 100%; display: inline-flex; align-items: center; gap: 6px; height: 28px; padding: 0 10px; border-radius: 99px; background: color-mix(in srgb, var(--warn) 15%, transparent); color: var(--warn); font-size: 12.5px; font-weight: 600; white-space: nowrap; list-style: none; cursor: pointer; }
  .health summary::-webkit-details-marker { display: none; }
  .health-sheet { position: absolute; right: 10px; top: 45px; width: min(420px, 86vw); padding: 12px 16px; border: 1px solid var(--line); border-radius: var(--radius); background: var(--panel); box-shadow: var(--shadow); overflow-wrap: anywhere; }
  .health-sheet p { margin: 0 0 6px; }
  .pack { min-width: 0; overflow: hidden; padding: 2px 10px; border: 1px solid var(--line); border-radius: 99px; color: var(--muted); font-size: 12.5px; text-overflow: ellipsis; white-space: nowrap; }
  @media (max-width: 700px) {
    .health summary { padding: 0 8px; }
    .health span { min-width: 0; overflow: hidden; text-overflow: ellipsis; }
  }
`);

/** @param {{health: Health}} props */
export default function News({ health }) {
  return html`${health.pack && html`<span class="pack" title=${t("health.pack.hint")}>${t("health.pack", { name: health.pack })}</span>`}
    <${Recorder} health=${health} />`;
}

/** Steps and pictures that have not arrived, and why. @param {{health: Health}} props */
function Recorder({ health }) {
  const { waiting, pictures_waiting: pictures, dead, pictures_dead: refused, problems } = health;
  const facts = [
    waiting && t("health.waiting", { count: waiting }),
    pictures && t("health.pictures", { count: pictures }),
    dead && t("health.dead", { count: dead }),
    refused && t("health.picturesDead", { count: refused }),
  ].filter(Boolean);
  if (facts.length + problems.length === 0) return null;
  return html`<details class="health"><summary><${Icon} name="flag" />
      <span>${facts.join(" · ") || t("health.problems")}</span></summary>
    <div class="health-sheet" role="status">
      ${problems.map(({ kind, message, remedy }) => html`<p key=${kind}>${message}<br /><b>${remedy}</b></p>`)}
      <p class="hint">${t("health.doctor")} <code>otel-steps doctor</code></p>
    </div></details>`;
}
