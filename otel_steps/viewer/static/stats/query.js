// What the page of figures shows, as it stands in its address: the filters of the list, and what is chosen
// besides. Pure.

import { asked as askedOfList, parsed as parsedList, statsLink, written } from "../list/query.js";

/** @typedef {import("../list/query.js").Query} Query */
/** @typedef {typeof GROUPINGS[number]} Grouping */
/**
 * @typedef {object} Chosen
 * @property {Query} query Which tasks.
 * @property {Grouping} by What they are grouped by.
 * @property {string} one The group that is compared with the other; "" for the largest.
 * @property {string} other
 * @property {string} tapped The app whose taps are drawn; "" for that with the most.
 */

/** @type {("app" | "model" | "device" | "agent" | "version" | "tag" | "task")[]} */
export const GROUPINGS = ["model", "app", "device", "agent", "version", "tag", "task"];
/** How a task that has ended did not succeed. */
export const NOT_DONE = ["failed", "max_steps", "interrupted", "cancelled"];
const OWN = ["by", "one", "other", "tapped"];

/** @param {string} address Without its question mark. @returns {Chosen} */
export function parsed(address) {
  const values = new URLSearchParams(address);
  const [by, one, other, tapped] = OWN.map((name) => values.get(name) ?? "");
  const grouping = /** @type {Grouping | undefined} */ (GROUPINGS.find((name) => name === by));
  return { query: { ...parsedList(address), page: 1 }, by: grouping ?? GROUPINGS[0], one, other, tapped };
}

/** The address of the page; what is as always is left out. @param {Chosen} chosen */
export function address({ query, by, ...own }) {
  const values = new URLSearchParams(statsLink(query).split("?")[1] ?? "");
  if (by !== GROUPINGS[0]) values.set("by", by);
  for (const [name, value] of Object.entries(own)) if (value) values.set(name, value);
  return values.size > 0 ? `stats?${values}` : "stats";
}

/** What the server is asked, as in the address of its answers. @param {Query} query @param {number} now ms */
export function asked(query, now) {
  const { page, per_page, sort, order, ...filters } = askedOfList(query, now);
  return new URLSearchParams(filters);
}

/** The list of some of the tasks that the figures are of.
 * @param {Query} query @param {Partial<Query>} part */
export const listLink = (query, part = {}) =>
  written({ ...query, sort: "created_at", order: "desc", page: 1, ...part });

/**
 * What narrows tasks down to a group, null where no link can: to what has no name, or to two apps at once.
 * @param {Query} query @param {Grouping} by @param {string | null} group @returns {Partial<Query> | null}
 */
export function partOf(query, by, group) {
  const field = by === "task" ? "description" : by;
  if (group === null || (query[field] && query[field] !== group)) return null;
  return { [field]: group };
}

/** The statuses among some that the figures are of; null for none. @param {Query} query @param {string[]} statuses */
export function among(query, statuses) {
  const some = query.status.length === 0 ? statuses : statuses.filter((each) => query.status.includes(each));
  return some.length > 0 ? some : null;
}
