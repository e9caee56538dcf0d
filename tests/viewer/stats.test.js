import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { test } from "node:test";

import { EVERYTHING, asked as askedOfList, isNarrowed, ownPeriod, parsed as parsedList } from "../../otel_steps/viewer/static/list/query.js";
import { pairOf } from "../../otel_steps/viewer/static/stats/between.js";
import { byCause, byFlag } from "../../otel_steps/viewer/static/stats/causes.js";
import { barsOf, periodOf, topOf } from "../../otel_steps/viewer/static/stats/days.js";
import { address, among, asked, listLink, parsed, partOf } from "../../otel_steps/viewer/static/stats/query.js";
import list from "../../otel_steps/viewer/static/words.list.en.js";
import en from "../../otel_steps/viewer/static/words.stats.en.js";
import zh from "../../otel_steps/viewer/static/words.stats.zh.js";

const NOW = Date.parse("2026-11-28T12:00:00Z");
const VIEW = new URL("../../otel_steps/viewer/static/stats/", import.meta.url);
const placesOf = (text) => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort();
const day = (group, by_status) => ({ group, by_status });

test("both languages have the same words with the same places, and those that are asked for", async () => {
  assert.deepEqual(Object.keys(zh).sort(), Object.keys(en).sort());
  for (const key of Object.keys(en)) assert.deepEqual(placesOf(zh[key]), placesOf(en[key]), key);
  for (const file of await readdir(VIEW)) {
    const source = await readFile(new URL(file, VIEW), "utf8");
    for (const [, key] of source.matchAll(/\bt\("([\w.]+)"/g)) assert.ok(key in en || key in list, `${file}: ${key}`);
  }
});

test("what the address says is what is shown, and the other way round", () => {
  const chosen = {
    query: { ...EVERYTHING, q: "小雨 & 100%", status: ["failed"], version: "1.2", since: "2026-11-01", until: "2026-11-20" },
    by: "app", one: "微信", other: "X", tapped: "微信",
  };

  assert.deepEqual(parsed(address(chosen).split("?")[1]), chosen);
  assert.equal(address(parsed("")), "stats");
  assert.deepEqual(parsed("by=colour&since=ever"), parsed(""));
});

test("the list takes the days of a bar, and says which they are", () => {
  const query = parsedList("since=2026-11-24&until=2026-11-25");

  assert.equal(isNarrowed(query), true);
  assert.equal(askedOfList(query, NOW).since, "2026-11-24");
  assert.equal(ownPeriod(query), "2026-11-24");
  assert.equal(ownPeriod({ ...query, until: "2026-11-27" }), "2026-11-24 – 2026-11-26");
  assert.equal(ownPeriod({ ...query, since: "7d", until: "" }), "");
  assert.equal(parsedList("since=2026-11-24T08:00:00.000Z&until=1; DROP").until, "");
  assert.equal(parsedList("since=2026-13-45").since, "");
});

test("the server is asked for the filters alone", () => {
  assert.equal(String(asked({ ...EVERYTHING, sort: "status", page: 3, app: "X", since: "1d" }, NOW)), "app=X&since=2026-11-27T12%3A00%3A00.000Z");
});

test("days without tasks have their place, and many days are weeks or months", () => {
  const days = [day("2026-11-03", { completed: 2, max_steps: 1 }), day("2026-11-01", { running: 1, unknown: 1 })];
  const { unit, bars } = barsOf(days, EVERYTHING, NOW);

  assert.equal(unit, "day");
  assert.deepEqual(bars.map(({ first, done, failed, open }) => [first, done, failed, open]), [["2026-11-01", 0, 0, 2], ["2026-11-02", 0, 0, 0], ["2026-11-03", 2, 1, 0]]);
  assert.deepEqual(barsOf(days, { ...EVERYTHING, since: "7d" }, NOW).bars.at(-1).end, "2026-11-29");

  const weeks = barsOf([...days, day("2026-08-05", { failed: 1 })], EVERYTHING, NOW);
  assert.equal(weeks.unit, "week");
  assert.equal(weeks.bars[0].first, "2026-08-03"); // a Monday
  assert.deepEqual(weeks.bars.reduce((sum, bar) => sum + bar.done + bar.failed + bar.open, 0), 6);

  const months = barsOf([...days, day("2024-12-31", { failed: 1 })], EVERYTHING, NOW);
  assert.deepEqual([months.unit, months.bars[0].first, months.bars[0].end, months.bars.length], ["month", "2024-12-01", "2025-01-01", 24]);
  assert.deepEqual(barsOf([...days, day("1970-01-01", { failed: 1 })], EVERYTHING, NOW).bars.length, 57); // years
  assert.deepEqual(barsOf([], EVERYTHING, NOW).bars, []);
  const far = { ...EVERYTHING, since: "0001-01-01", until: "9999-01-01" };
  assert.deepEqual(barsOf(days, far, NOW).bars.map(({ first }) => first).filter((_, at, all) => at === 0 || at === all.length - 1), ["2026-11-01", "2026-11-28"]);
});

test("a bar leads to what it counts, no more: its period may begin before that of the page", () => {
  const bar = { first: "2026-11-21", end: "2026-11-22", done: 1, failed: 0, open: 0 };

  assert.deepEqual(periodOf(bar, EVERYTHING, NOW), { since: "2026-11-21", until: "2026-11-22" });
  assert.deepEqual(periodOf(bar, { ...EVERYTHING, since: "7d" }, NOW), { since: "2026-11-21T12:00:00.000Z", until: "2026-11-22" });
  assert.deepEqual(periodOf(bar, { ...EVERYTHING, until: "2026-11-21T08:00:00Z" }, NOW).until, "2026-11-21T08:00:00Z");
  assert.equal(topOf([{ ...bar, done: 18 }]), 20);
  assert.equal(topOf([]), 1);
});

test("a group leads to its tasks where a link can say which", () => {
  assert.deepEqual(partOf(EVERYTHING, "task", "打开相机"), { description: "打开相机" });
  assert.equal(partOf(EVERYTHING, "model", null), null);
  assert.equal(partOf({ ...EVERYTHING, app: "X" }, "app", "微信"), null); // in both at once
  assert.deepEqual(among({ ...EVERYTHING, status: ["failed"] }, ["failed", "max_steps"]), ["failed"]);
  assert.equal(among({ ...EVERYTHING, status: ["failed"] }, ["completed"]), null);
  assert.equal(listLink({ ...EVERYTHING, sort: "status", since: "7d" }, { model: "m1" }), "?model=m1&since=7d");
});

test("the two largest groups are compared unless others are named", () => {
  assert.deepEqual(pairOf(["a", "b", "c"], "", ""), ["a", "b"]);
  assert.deepEqual(pairOf(["a", "b", "c"], "c", "gone"), ["c", "a"]);
  assert.deepEqual(pairOf(["a", "b"], "", "a"), ["b", "a"]);
  assert.deepEqual(pairOf(["a"], "", ""), ["a", ""]);
});

test("equal causes stand together, and what nobody knows stands last", () => {
  const task = (task_id, fingerprint, flags = {}) => ({ task_id, flags, why: fingerprint && { kind: fingerprint.split("/")[0], fingerprint } });
  const tasks = [task("a", "not_clear"), task("b", "not_clear/after_error"), task("c", "loop/swipe/tap", { loop: 2, no_op: 1 }), task("d", null)];

  assert.deepEqual(byCause(tasks).map(({ kind, detail, tasks: own }) => [kind, detail, own.length]), [["loop", "swipe · tap", 1], ["not_clear", "", 3]]);
  assert.deepEqual(byFlag(tasks).map(({ kind, tasks: own }) => [kind, own.length]), [["loop", 1], ["no_op", 1], ["", 3]]);
});
