import assert from "node:assert/strict";
import { test } from "node:test";

import { momentOf, partsOf, rowsOf } from "../../otel_steps/viewer/static/task/spans.js";

test("microseconds count", () => {
  const one = momentOf("2026-11-24T06:00:48.217972+00:00");
  const other = momentOf("2026-11-24T06:00:48.217000Z");

  assert.ok(Math.abs(one - other - 0.972) < 1e-3);
  assert.ok(Number.isNaN(momentOf(null)));
  assert.equal(momentOf("2026-11-24T06:00:48Z") % 1000, 0);
});

test("a step's time is shared out without gaps, what nobody measured at the end", () => {
  const parts = partsOf({ screenshot_ms: 80, ttft_ms: 45, thinking_ms: 120, model_ms: 150, action_ms: 10 }, 250);

  assert.deepEqual(parts.map(({ name, start, ms }) => [name, start, ms]), [
    ["screenshot", 0, 80], ["ttft", 80, 45], ["thinking", 125, 75], ["answer", 200, 30], ["action", 230, 10], ["other", 240, 10],
  ]);
});

test("times that are missing or contradict each other make no negative parts", () => {
  assert.deepEqual(partsOf(null, null), []);
  assert.deepEqual(partsOf({ model_ms: 100, ttft_ms: 300, thinking_ms: 50 }, 20), [{ name: "ttft", start: 0, ms: 100 }]);
});

const span = (span_id, parent_span_id, second) => ({
  span_id, parent_span_id, started_at: `2026-01-01T00:00:0${second}.000Z`, duration_ms: 5, name: span_id,
});

test("spans come as a tree, each level by time, with an orphan at the step", () => {
  const begin = momentOf("2026-01-01T00:00:00Z");
  const spans = [span("late", "step", 3), span("child", "early", 2), span("early", "step", 1), span("orphan", "gone", 4)];

  const rows = rowsOf(spans, "step", begin);

  assert.deepEqual(rows.map((row) => [row.span.name, row.depth, row.start]), [["early", 0, 1000], ["child", 1, 2000], ["late", 0, 3000], ["orphan", 0, 4000]]);
});

test("spans that are each other's parents end", () => {
  assert.equal(rowsOf([span("a", "b", 1), span("b", "a", 2), { ...span("c", "step", 1), duration_ms: null }], "step", 0).length, 1);
});
