import assert from "node:assert/strict";
import { test } from "node:test";

import { EVERYTHING, asked, isNarrowed, pagesAround, parsed, written } from "../../otel_steps/viewer/static/list/query.js";

test("what the address says is what is asked, and the other way round", () => {
  const query = { ...EVERYTHING, q: "小雨 & 100%", status: ["completed", "failed"], app: "微信", since: "7d", sort: "total_steps", order: "asc", page: 3, per_page: 50 };

  assert.deepEqual(parsed(written(query).slice(1)), query);
});

test("what is as always does not stand in the address", () => {
  assert.equal(written(EVERYTHING), ".");
  assert.equal(written({ ...EVERYTHING, page: 2 }), "?page=2");
});

test("an address that makes no sense counts as an empty one", () => {
  assert.deepEqual(parsed("status=no&sort=;drop&order=up&page=-4&per_page=1000000000&since=ever&x=1"), EVERYTHING);
});

test("several statuses may come apart or together", () => {
  assert.deepEqual(parsed("status=failed&status=running").status, ["running", "failed"]);
  assert.deepEqual(parsed("status=failed,running").status, ["running", "failed"]);
});

test("the server is asked for a time, not for an age", () => {
  const now = Date.parse("2026-11-25T12:00:00Z");

  assert.equal(asked({ ...EVERYTHING, since: "1d" }, now).since, "2026-11-24T12:00:00.000Z");
  assert.deepEqual(asked(EVERYTHING, now), { page: "1", per_page: "20" });
});

test("an order alone hides no task, a filter does", () => {
  assert.equal(isNarrowed({ ...EVERYTHING, sort: "status", order: "asc", page: 4 }), false);
  for (const part of [{ q: "x" }, { status: ["failed"] }, { device: "Pixel" }, { since: "1d" }]) {
    assert.equal(isNarrowed({ ...EVERYTHING, ...part }), true);
  }
});

test("the first, the last and the pages around this one are offered", () => {
  assert.deepEqual(pagesAround(1, 1), [1]);
  assert.deepEqual(pagesAround(1, 3), [1, 2, 3]);
  assert.deepEqual(pagesAround(6, 12), [1, 0, 5, 6, 7, 0, 12]);
});
