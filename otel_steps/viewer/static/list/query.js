// What is asked of the task list, as it stands in the address. Pure.

/**
 * @typedef {object} Query
 * @property {string} q
 * @property {string[]} status
 * @property {string} app
 * @property {string} model
 * @property {string} device
 * @property {string} project
 * @property {string} session
 * @property {string} tag
 * @property {string} step_tag
 * @property {string} flag Some step failed, went wrong so, or is odd so.
 * @property {string} score One of `SCORES`, or "".
 * @property {string} agent
 * @property {string} version
 * @property {string} description The whole of it, not a part as in `q`.
 * @property {string} since An age: 1d 7d 30d, or a day or moment (UTC), or "".
 * @property {string} until A day or moment, itself no longer meant, or "".
 * @property {string} sort
 * @property {"asc" | "desc"} order
 * @property {number} page
 * @property {number} per_page
 */

export const STATUSES = ["running", "completed", "failed", "max_steps", "interrupted", "cancelled"];
export const SORTS = ["created_at", "last_activity", "total_steps", "failed_steps", "total_duration_ms", "status"];
/** @type {Record<string, number>} */
export const AGES = { "1d": 1, "7d": 7, "30d": 30 };
export const PAGE_SIZES = [20, 50, 100];
/** @typedef {"app" | "model" | "device" | "project" | "session" | "tag" | "step_tag" | "agent" | "version" | "description"} Menu */
/** The filters that are one of the values found in the store. @type {Menu[]} */
export const MENUS = ["app", "model", "device", "project", "session", "tag", "step_tag", "agent", "version", "description"];
/** How a step may have gone wrong. */
const ERRORS = ["failed", "model_error", "action_error", "device_error", "refused", "interrupted"];
/** That, and what may be odd about one. */
export const FLAGS = [...ERRORS, "parse_error", "loop", "no_op", "out_of_range", "sensitive", "black", "take_over", "slow"];
/** @param {string} flag One of `FLAGS`, or "". @returns {string} The key of its words. */
export const flagWords = (flag) => (flag && !ERRORS.includes(flag) ? `flag.${flag}` : `list.wrong.${flag || "all"}`);
/** What the server is asked for each. @type {Record<string, Record<string, string>>} */
export const SCORES = { judged: { judged: "true" }, unjudged: { judged: "false" }, good: { min_score: "0.5" } };
const TIME = /^\d{4}-\d\d-\d\d(T[\d:.]+Z)?$/;

/** @type {Query} */
export const EVERYTHING = {
  q: "", status: [], app: "", model: "", device: "", project: "", session: "",
  tag: "", step_tag: "", agent: "", version: "", description: "", flag: "", score: "", since: "", until: "",
  sort: "created_at", order: "desc", page: 1, per_page: 20,
};
const DAY_MS = 86400000;

/** What is not understood counts as not said. @param {string} address Without its question mark. @returns {Query} */
export function parsed(address) {
  const values = new URLSearchParams(address);
  const text = (/** @type {string} */ name) => values.get(name) ?? "";
  const oneOf = (/** @type {string} */ name, /** @type {string[]} */ known, /** @type {string} */ otherwise) =>
    known.includes(text(name)) ? text(name) : otherwise;
  const time = (/** @type {string} */ name) => (TIME.test(text(name)) && Date.parse(text(name)) ? text(name) : "");
  const statuses = values.getAll("status").flatMap((each) => each.split(","));
  return {
    q: text("q"),
    status: STATUSES.filter((each) => statuses.includes(each)),
    .../** @type {Record<Menu, string>} */ (Object.fromEntries(MENUS.map((name) => [name, text(name)]))),
    flag: oneOf("flag", FLAGS, ""),
    score: oneOf("score", Object.keys(SCORES), ""),
    since: oneOf("since", Object.keys(AGES), time("since")),
    until: time("until"),
    sort: oneOf("sort", SORTS, EVERYTHING.sort),
    order: text("order") === "asc" ? "asc" : "desc",
    page: Math.max(1, Number.parseInt(text("page"), 10) || 1),
    per_page: Number(oneOf("per_page", PAGE_SIZES.map(String), "20")),
  };
}

/** The address of the list; what is as always is left out. @param {Query} query */
export function written(query) {
  const values = said(query);
  return values.size ? `?${values}` : ".";
}

/** The figures of what the list shows. @param {Query} query */
export const statsLink = (query) => `stats?${said({ ...query, page: 1 })}`.replace(/\?$/, "");

/** What the server is asked. @param {Query} query @param {number} now ms @returns {Record<string, string>} */
export function asked(query, now) {
  const { since, score, ...values } = Object.fromEntries(said(query));
  if (since) values.since = AGES[since] ? new Date(now - AGES[since] * DAY_MS).toISOString() : since;
  return { ...values, ...(score ? SCORES[score] : {}), page: String(query.page), per_page: String(query.per_page) };
}

/** @param {Query} query */
function said(query) {
  const values = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    const isUsual = String(value) === String(/** @type {any} */ (EVERYTHING)[name]);
    if (!isUsual) values.set(name, String(value));
  }
  return values;
}

/** A period that is no age, as its first and its last day; "" where there is none. @param {Query} query */
export function ownPeriod({ since, until }) {
  if (AGES[since] || !(since || until)) return "";
  const last = until.length === 10 ? dayBefore(until) : until.slice(0, 10);
  return last === since ? last : `${since.slice(0, 10)} – ${last}`;
}

/** @param {string} day As YYYY-MM-DD. */
export const dayBefore = (day) => new Date(Date.parse(day) - DAY_MS).toISOString().slice(0, 10);

/** Whether anything keeps tasks from being shown. @param {Query} query */
export const isNarrowed = (query) =>
  Boolean(query.q || query.status.length || query.since || query.until || query.flag || query.score || MENUS.some((name) => query[name]));

/** The numbers of the pages to offer, `0` for a gap. @param {number} page @param {number} pages @returns {number[]} */
export function pagesAround(page, pages) {
  const near = [1, page - 1, page, page + 1, pages].filter((each) => each >= 1 && each <= pages);
  const offered = [...new Set(near)].sort((one, other) => one - other);
  return offered.flatMap((each, at) => (at > 0 && each > offered[at - 1] + 1 ? [0, each] : [each]));
}
