import assert from "node:assert/strict";
import { test } from "node:test";

import { barsOf, edgesOf } from "../../otel_steps/viewer/static/task/bars.js";
import { FAILED, PLAIN } from "../../otel_steps/viewer/static/task/steps.js";
import { indexOf, plainSteps } from "./steps.js";

test("by step, all are as wide; by time, as long as they took; with idle shortened, in between", () => {
  const index = indexOf([{ start_ms: 0 }, { start_ms: 9000, duration_ms: 1000 }]);

  assert.deepEqual(edgesOf(index, "step"), [0, 0.5, 1]);
  assert.deepEqual(edgesOf(index, "time"), [0, 0.9, 1]);
  assert.deepEqual(edgesOf(index, "idle"), [0, 2400 / 3400, 1]);
});

test("a task without steps has no bars", () => {
  assert.deepEqual(barsOf(plainSteps(0), edgesOf(plainSteps(0), "step"), 100), []);
});

test("a bar a step, the longest at full height", () => {
  const index = indexOf([{ duration_ms: 100 }, { duration_ms: 400 }, { duration_ms: null }]);

  const bars = barsOf(index, edgesOf(index, "step"), 300);

  assert.deepEqual(bars.map(({ height }) => height), [0.5, 1, 0.08]);
});

test("more steps than pixels: a failure among ten thousand is seen", () => {
  const index = indexOf(Array.from({ length: 10000 }, (_, at) => ({ success: at !== 5001 })));

  const bars = barsOf(index, edgesOf(index, "step"), 500);

  assert.equal(bars.length, 500);
  assert.deepEqual([bars.filter(({ severity }) => severity === FAILED).length, bars[0].severity], [1, PLAIN]);
});
