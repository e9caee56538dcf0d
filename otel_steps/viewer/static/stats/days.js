// Tasks by the day on which they began, those of a long time by the week or the month. Pure.

import { AGES } from "../list/query.js";
import { NOT_DONE } from "./query.js";

/** @typedef {import("../list/query.js").Query} Query */
/** @typedef {{group: string | null, by_status: Record<string, number>}} Day Of `GET /api/statistics/tasks?by=day`. */
/** @typedef {"day" | "week" | "month" | "year"} Unit */
/**
 * @typedef {object} Bar
 * @property {string} first Its first day, as YYYY-MM-DD (UTC).
 * @property {string} end The day behind its last.
 * @property {number} done
 * @property {number} failed Of those that have ended.
 * @property {number} open Nobody knows yet how they end.
 */

const DAY_MS = 86400000;
const MOST_BARS = 62;
/** How many days each takes, at least. @type {[Unit, number][]} */
const UNITS = [["day", 1], ["week", 7], ["month", 28]];

/** @param {number} ms */
const dayOf = (ms) => new Date(ms).toISOString().slice(0, 10);

/**
 * The bars without a gap, the oldest first.
 * @param {Day[]} days @param {Query} query Where it says so, the first and the last day. @param {number} now ms
 * @returns {{unit: Unit, bars: Bar[]}}
 */
export function barsOf(days, query, now) {
  const known = days.flatMap(({ group }) => (group === null ? [] : [group])).sort();
  if (known.length === 0) return { unit: "day", bars: [] };
  const since = AGES[query.since] ? dayOf(now - AGES[query.since] * DAY_MS) : query.since.slice(0, 10);
  const tomorrow = dayOf(now + DAY_MS);
  const until = query.until ? query.until.slice(0, 10) : AGES[query.since] ? tomorrow : "";
  // What is to come has no tasks; where a clock was wrong, some are there nonetheless.
  const asked = until < tomorrow ? until : tomorrow;
  const last = dayOf(Date.parse(known[known.length - 1]) + DAY_MS);
  const behind = asked > last ? asked : last;
  // A period that begins long before the first task is not worth an empty page.
  const isNear = since && Date.parse(behind) - Date.parse(since) <= 7 * MOST_BARS * DAY_MS;
  const first = isNear && since < known[0] ? since : known[0];
  const count = (Date.parse(behind) - Date.parse(first)) / DAY_MS;
  const unit = UNITS.find(([, days]) => count <= days * MOST_BARS)?.[0] ?? "year";
  /** @type {Map<string, Bar>} */
  const bars = new Map();
  for (let at = startOf(first, unit); at < behind; at = nextOf(at, unit)) {
    bars.set(at, { first: at, end: nextOf(at, unit), done: 0, failed: 0, open: 0 });
  }
  for (const { group, by_status: counts } of days) {
    const bar = group === null ? undefined : bars.get(startOf(group, unit));
    if (!bar) continue;
    for (const [status, tasks] of Object.entries(counts)) bar[shareOf(status)] += tasks;
  }
  return { unit, bars: [...bars.values()] };
}

/** @param {string} status @returns {"done" | "failed" | "open"} */
export const shareOf = (status) => (status === "completed" ? "done" : NOT_DONE.includes(status) ? "failed" : "open");

/** The day that a bar begins with; weeks begin on Monday. @param {string} day @param {Unit} unit */
function startOf(day, unit) {
  if (unit === "year") return `${day.slice(0, 4)}-01-01`;
  if (unit === "month") return `${day.slice(0, 7)}-01`;
  const ms = Date.parse(day);
  return unit === "day" ? day : dayOf(ms - ((new Date(ms).getUTCDay() + 6) % 7) * DAY_MS);
}

/** @param {string} start @param {Unit} unit */
function nextOf(start, unit) {
  const date = new Date(start);
  if (unit === "year") date.setUTCFullYear(date.getUTCFullYear() + 1);
  else if (unit === "month") date.setUTCMonth(date.getUTCMonth() + 1);
  else date.setUTCDate(date.getUTCDate() + (unit === "week" ? 7 : 1));
  return date.toISOString().slice(0, 10);
}

/**
 * The period of a bar within that of the page: the one may begin before the other.
 * @param {Bar} bar @param {Query} query @param {number} now ms @returns {Partial<Query>}
 */
export function periodOf({ first, end }, query, now) {
  const since = AGES[query.since] ? new Date(now - AGES[query.since] * DAY_MS).toISOString() : query.since;
  return { since: since > first ? since : first, until: query.until && query.until < end ? query.until : end };
}

/** A number on the axis that is round, and no less than the largest bar. @param {Bar[]} bars */
export function topOf(bars) {
  const most = Math.max(1, ...bars.map(({ done, failed, open }) => done + failed + open));
  const size = 10 ** Math.floor(Math.log10(most));
  return [1, 2, 5, 10].map((step) => step * size).find((top) => top >= most) ?? most;
}
