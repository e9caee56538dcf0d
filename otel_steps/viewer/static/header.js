// The bar on top of every page: where to go, what the recorder has to say, language and theme.

import { html, useEffect, useState } from "./lib.js";
import { Icon } from "./icons.js";
import { LANGUAGES, language, learn, setLanguage, t } from "./i18n.js";
import { lazily } from "./task/lazy.js";
import { THEMES, setTheme, theme } from "./theme.js";

/** @typedef {import("./health.js").Health} Health */

const HEALTH_MS = 15000;
const News = lazily(async () => (await Promise.all([import("./health.js"), learn("health")]))[0]);

/** @param {{source: any, isList: boolean}} props */
export function Header({ source, isList }) {
  const health = useHealth(source);
  return html`<header class="bar">
      <button type="button" class="skip" onClick=${skipped}>${t("shell.skip")}</button>
      <a class="brand" href="." aria-current=${isList ? "page" : undefined}><${Mark} />otel-steps</a>
      <span class="bar-space"></span>
      ${health && hasNews(health) && html`<${News} health=${health} />`}
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

/** @param {Health} health */
const hasNews = ({ pack, waiting, pictures_waiting, dead, pictures_dead, problems }) =>
  pack !== null || waiting + pictures_waiting + dead + pictures_dead + problems.length > 0;

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
