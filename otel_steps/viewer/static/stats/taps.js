// Where the agent tapped in an app, on a picture of it: the more often, the larger; a dashed ring for what missed.

import { html } from "../lib.js";
import { t } from "../i18n.js";
import { taskLink } from "../route.js";
import { Part } from "./answers.js";

/** @typedef {{x: number, y: number, taps: number, missed: number, task_id: string, number: number}} Spot */
/** @typedef {{app: string | null, apps: {app: string | null, taps: number}[], picture: {sha256: string, width: number | null, height: number | null} | null, taps: number, missed: number, spots: Spot[], tasks: number, total: number}} Taps */

const LISTED = 8;
const PHONE = { width: 9, height: 20 };
const RADIUS = { least: 16, most: 66 };

/** @param {{source: any, answer: import("./answers.js").Answer<Taps>, choose: (app: string) => void}} props */
export function TapMap({ source, answer, choose }) {
  const data = answer.data;
  const names = /** @type {string[]} */ ((data?.apps ?? []).map(({ app }) => app).filter((app) => app !== null));
  if (data?.app && !names.includes(data.app)) names.unshift(data.app);
  const menu = names.length > 0 && html`<label>${t("list.app")} <select data-tapped onChange=${(/** @type {any} */ event) => choose(event.target.value)}>
    ${names.map((name) => html`<option key=${name} value=${name} selected=${name === data?.app}>${name}</option>`)}</select></label>`;
  return html`<${Part} id="taps" title=${t("stats.taps")} answer=${answer} tools=${menu}
    hint=${data && t("stats.newest", { count: data.tasks, total: data.total })}>
    ${data && data.taps === 0 && html`<p class="hint">${t("stats.taps.none")}</p>`}
    ${data && data.taps > 0 && html`<div class="taps">
      <${Picture} source=${source} data=${data} />
      <div><p><b>${t("stats.taps.count", { count: data.taps })}</b>, ${t("stats.taps.missed", { count: data.missed })}</p>
        <ol class="spots">${data.spots.slice(0, LISTED).map((spot, at) => html`<li key=${at}>
          <a href=${taskLink(spot.task_id, spot.number)} data-spot=${`${spot.x},${spot.y}`}>${t("stats.taps.spot", { count: spot.taps, x: spot.x, y: spot.y })}</a>
          ${spot.missed > 0 && html` · <span class="is-error">${t("stats.taps.missed", { count: spot.missed })}</span>`}</li>`)}</ol>
        <p class="hint">${t("stats.taps.hint")}</p></div>
    </div>`}
  </${Part}>`;
}

/** @param {{source: any, data: Taps}} props */
function Picture({ source, data: { picture, spots, taps, app } }) {
  const { width, height } = picture?.width && picture.height ? { width: picture.width, height: picture.height } : PHONE;
  const tall = (1000 * height) / width;
  // A screen on its side is drawn as large as one that stands.
  const scale = Math.min(tall, 1000) / 1000;
  const most = Math.max(...spots.map((spot) => spot.taps));
  const drawn = spots.map((spot, at) => {
    const radius = scale * (RADIUS.least + (RADIUS.most - RADIUS.least) * Math.sqrt(spot.taps / most));
    const [x, y] = [spot.x, (spot.y * tall) / 1000];
    return html`<g key=${at}><circle class="spot" cx=${x} cy=${y} r=${radius} />
      ${spot.missed > 0 && html`<circle class="spot-missed" cx=${x} cy=${y} r=${radius} />`}
      ${at < LISTED && html`<text x=${x} y=${y}>${at + 1}</text>`}</g>`;
  });
  return html`<figure class="tap-map" style=${{ aspectRatio: `${width} / ${height}` }}>
    ${picture && html`<img src=${source.imageUrl(picture.sha256, 540)} alt="" decoding="async" />`}
    <svg viewBox=${`0 0 1000 ${tall}`} role="img" aria-label=${t("stats.taps.label", { count: taps, app: app ?? t("stats.none.of") })}>${drawn.reverse()}</svg>
  </figure>`;
}
