// Words, numbers and times in the reader's language: the browser's, or the one chosen here.

import { useEffect, useState } from "./lib.js";

/** @typedef {"en" | "zh"} Language */
/** @typedef {Record<string, string>} Words */

/** Each in its own language, for the switch. @type {Record<Language, string>} */
export const LANGUAGES = { en: "English", zh: "中文" };

const KEY = "otel-steps.language";
const TAGS = { en: "en", zh: "zh-CN" };

/** Loaded as they are needed: nobody reads both languages at once.
 * @type {Record<string, Record<Language, () => Promise<{default: Words}>>>} */
const PARTS = {
  shell: { en: () => import("./words.en.js"), zh: () => import("./words.zh.js") },
  list: { en: () => import("./words.list.en.js"), zh: () => import("./words.list.zh.js") },
  task: { en: () => import("./words.task.en.js"), zh: () => import("./words.task.zh.js") },
  compare: { en: () => import("./words.compare.en.js"), zh: () => import("./words.compare.zh.js") },
  spans: { en: () => import("./words.spans.en.js"), zh: () => import("./words.spans.zh.js") },
  export: { en: () => import("./words.export.en.js"), zh: () => import("./words.export.zh.js") },
  keys: { en: () => import("./words.keys.en.js"), zh: () => import("./words.keys.zh.js") },
  parts: { en: () => import("./words.parts.en.js"), zh: () => import("./words.parts.zh.js") },
  usage: { en: () => import("./words.usage.en.js"), zh: () => import("./words.usage.zh.js") },
  stats: { en: () => import("./words.stats.en.js"), zh: () => import("./words.stats.zh.js") },
  judge: { en: () => import("./words.judge.en.js"), zh: () => import("./words.judge.zh.js") },
  health: { en: () => import("./words.health.en.js"), zh: () => import("./words.health.zh.js") },
  why: { en: () => import("./words.why.en.js"), zh: () => import("./words.why.zh.js") },
};

/** @type {Set<string>} */
const learnt = new Set();
/** @type {Set<() => void>} */
const watchers = new Set();
/** @type {Language | null} */
let chosen = null;
/** @type {Words} */
let words = {};

/** @returns {Language} */
export function language() {
  chosen ??= remembered() ?? preferred(globalThis.navigator?.languages ?? []);
  return chosen;
}

/** The first language of the reader's that we speak. @param {readonly string[]} tags @returns {Language} */
export function preferred(tags) {
  const known = tags.map((tag) => tag.toLowerCase().split("-")[0]).find((name) => name in LANGUAGES);
  return /** @type {Language} */ (known ?? "en");
}

/** @returns {Language | null} */
function remembered() {
  const name = globalThis.localStorage?.getItem(KEY);
  return name && name in LANGUAGES ? /** @type {Language} */ (name) : null;
}

/** Load the words of a part of the page. @param {"shell" | "list" | "task" | "compare" | "spans" | "parts" | "keys" | "usage" | "why" | "health" | "judge" | "export" | "stats"} part */
export async function learn(part) {
  const name = language();
  const { default: more } = await PARTS[part][name]();
  learnt.add(part);
  // Another language may have been chosen meanwhile; its own words came with it, but for this part's.
  if (name !== language()) return learn(part);
  words = { ...words, ...more };
  if (globalThis.document) document.documentElement.lang = TAGS[name];
}

/** Change the language, and draw the page again. @param {Language} name */
export async function setLanguage(name) {
  const parts = await Promise.all([...learnt].map((part) => PARTS[part][name]()));
  words = Object.assign({}, ...parts.map((part) => part.default));
  chosen = name;
  localStorage.setItem(KEY, name);
  document.documentElement.lang = TAGS[name];
  for (const watcher of [...watchers]) watcher();
}

/** The language; the component draws itself again, with all below it, when it changes. @returns {Language} */
export function useLanguage() {
  const [, redraw] = useState(0);
  useEffect(() => {
    const watcher = () => redraw((count) => count + 1);
    watchers.add(watcher);
    return () => {
      watchers.delete(watcher);
    };
  }, []);
  return language();
}

/**
 * A phrase with its `{places}` filled; a number in it is written as the language writes it.
 * @param {string} key A key that nobody knows is shown as it is.
 * @param {Record<string, unknown>} [values]
 */
export function t(key, values = {}) {
  const one = values.count === 1 ? words[`${key}.one`] : undefined;
  const phrase = one ?? words[key] ?? key;
  return phrase.replace(/\{(\w+)\}/g, (place, name) => (name in values ? written(values[name]) : place));
}

/** What went wrong, in the reader's language as far as we have a word for it. @param {any} error */
export function errorText(error) {
  const message = String(error?.message ?? error);
  return words[`error.${error?.code}`] ? t(`error.${error.code}`, { message }) : message;
}

/** @param {unknown} value */
const written = (value) => (typeof value === "number" ? numberText(value) : String(value));

/** @param {number} value @param {Intl.NumberFormatOptions} [options] */
export const numberText = (value, options) => format(Intl.NumberFormat, options).format(value);

/** @param {number} share 0 to 1 */
export const percentText = (share) => numberText(share, { style: "percent", maximumFractionDigits: 0 });

/** Day and time on the reader's clock. @param {string} iso */
export const timeText = (iso) =>
  format(Intl.DateTimeFormat, { dateStyle: "medium", timeStyle: "short" }).format(new Date(iso));

/** @type {[Intl.RelativeTimeFormatUnit, number][]} */
const UNITS = [["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];

/** How long ago; a date when that says more. @param {string} iso @param {number} [now] ms */
export function agoText(iso, now = Date.now()) {
  const seconds = Math.max(0, Math.round((now - Date.parse(iso)) / 1000));
  if (seconds >= 7 * 86400) return format(Intl.DateTimeFormat, { dateStyle: "medium" }).format(new Date(iso));
  const [unit, size] = UNITS.find(([, size]) => seconds >= size) ?? ["second", 1];
  return format(Intl.RelativeTimeFormat, { numeric: "auto", style: "short" }).format(-Math.floor(seconds / size), unit);
}

/** How long a task took: the two largest units that say something. @param {number | null | undefined} ms */
export function durationText(ms) {
  if (ms == null) return "";
  if (ms < 1000) return t("duration.ms", { ms: Math.round(ms) });
  if (ms < 60000) return t("duration.s", { s: Math.round(ms / (ms < 10000 ? 100 : 1000)) / (ms < 10000 ? 10 : 1) });
  const minutes = Math.floor(ms / 60000);
  if (minutes < 60) return t("duration.min", { min: minutes, s: Math.floor((ms % 60000) / 1000) });
  return t("duration.h", { h: Math.floor(minutes / 60), min: minutes % 60 });
}

/** @type {Map<string, any>} */
const formats = new Map();

/**
 * Making one costs more than using it a hundred times.
 * @template T
 * @param {new (tag: string, options?: any) => T} Kind @param {object} [options] @returns {T}
 */
function format(Kind, options) {
  const key = `${Kind.name} ${language()} ${JSON.stringify(options)}`;
  if (!formats.has(key)) formats.set(key, new Kind(TAGS[language()], options));
  return formats.get(key);
}
