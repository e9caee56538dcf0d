// The bar on top of every page: where to go, what the recorder has to say, language and theme.

import { html, useEffect, useState } from "./lib.js";
import { Icon } from "./icons.js";
import { LANGUAGES, language, setLanguage, t } from "./i18n.js";
import { THEMES, setTheme, theme } from "./theme.js";

/** @typedef {{waiting: number, pictures_waiting: number, dead: number, pictures_dead: number, problems: {kind: string, message: string, remedy: string}[]}} Health */

const HEALTH_MS = 15000;

/** @param {{source: any, isList: boolean}} props */
export function Header({ source, isList }) {
  const health = useHealth(source);
  return html`<header class="bar">
      <button type="button" class="skip" onClick=${skipped}>${t("shell.skip")}</button>
      <a class="brand" href="." aria-current=${isList ? "page" : undefined}><${Mark} />otel-steps</a>
      <span class="bar-space"></span>
      ${health && html`<${HealthNote} health=${health} />`}
      <${HelpButton} /><${LanguageSwitch} /><${ThemeSwitch} />
    </header>`;
}

/** Past the bar, for those who walk by keys. No link: the address of a step stays as it is. */
function skipped() {
  const main = /** @type {HTMLElement | null} */ (document.querySelector("main"));
  main?.setAttribute("tabindex", "-1");
  main?.focus();
}

/** Our sign: a phone and where it was tapped. */
export function Mark() {
  return html`<svg class="brand-mark" viewBox="0 0 32 32" width="22" height="22" aria-hidden="true">
    <rect x="6" y="1" width="20" height="30" rx="5" /><rect class="brand-screen" x="9" y="5" width="14" height="20" rx="2" />
    <circle cx="16" cy="15" r="4.5" /></svg>`;
}

/** @param {any} source @returns {Health | null} */
function useHealth(source) {
  const [health, setHealth] = useState(/** @type {Health | null} */ (null));
  useEffect(() => {
    let timer = 0;
    // One question at a time: a server that is away is asked by those that wait.
    const look = async () => {
      if (!document.hidden) await source.health().then(setHealth, () => undefined);
      if (timer >= 0) timer = setTimeout(look, HEALTH_MS);
    };
    void look();
    return () => {
      clearTimeout(timer);
      timer = -1;
    };
  }, [source]);
  return health;
}

/** Steps and pictures that have not arrived, and why. @param {{health: Health}} props */
function HealthNote({ health }) {
  const { waiting, pictures_waiting: pictures, dead, pictures_dead: refused, problems } = health;
  if (!waiting && !pictures && !dead && !refused && !problems?.length) return null;
  const facts = [
    waiting && t("shell.waiting", { count: waiting }),
    pictures && t("shell.pictures", { count: pictures }),
    dead && t("shell.dead", { count: dead }),
    refused && t("shell.picturesDead", { count: refused }),
  ].filter(Boolean);
  return html`<details class="health"><summary><${Icon} name="flag" />
      <span>${facts.join(" · ") || t("shell.problems")}</span></summary>
    <div class="health-sheet" role="status">
      ${problems?.map(({ kind, message, remedy }) => html`<p key=${kind}>${message}<br /><b>${remedy}</b></p>`)}
      <p class="hint">${t("shell.doctor")} <code>otel-steps doctor</code></p>
    </div></details>`;
}

/** The page that is shown knows its keys. */
export function HelpButton() {
  return html`<button type="button" class="bar-button" title=${t("shell.keys")} aria-label=${t("shell.keys")} data-keys
    onClick=${() => dispatchEvent(new KeyboardEvent("keydown", { key: "?" }))}>?</button>`;
}

export function LanguageSwitch() {
  const names = /** @type {import("./i18n.js").Language[]} */ (Object.keys(LANGUAGES));
  const other = names[(names.indexOf(language()) + 1) % names.length];
  return html`<button type="button" class="bar-button" lang=${other} title=${t("shell.language")}
    aria-label=${`${t("shell.language")}: ${LANGUAGES[other]}`} data-language=${other}
    onClick=${() => setLanguage(other)}><${Icon} name="language" /><span>${LANGUAGES[other]}</span></button>`;
}

export function ThemeSwitch() {
  const [name, setName] = useState(theme());
  const next = THEMES[(THEMES.indexOf(name) + 1) % THEMES.length];
  const label = `${t("shell.theme")}: ${t(`shell.theme.${name}`)}`;
  return html`<button type="button" class="bar-button" title=${label} aria-label=${label} data-theme-switch=${name}
    onClick=${() => {
      setTheme(next);
      setName(next);
    }}><${Icon} name=${name} /></button>`;
}
