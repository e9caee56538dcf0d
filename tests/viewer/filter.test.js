import assert from "node:assert/strict";
import { test } from "node:test";

import { EVERYTHING, actionCounts, isFiltering, moved, passing } from "../../otel_steps/viewer/static/task/filter.js";
import { flagCounts } from "../../otel_steps/viewer/static/task/flagged.js";
import { indexOf, plainSteps } from "./steps.js";

const INDEX = indexOf([{}, { success: false }, { flags: ["loop"] }, { action: "Swipe" }, { action: null }]);
const shown = (part) => passing(INDEX, { ...EVERYTHING, ...part });

test("without a filter all steps are there", () => {
  assert.deepEqual(shown({}), [0, 1, 2, 3, 4]);
  assert.equal(isFiltering(EVERYTHING), false);
});

test("failed, flagged, or both: either one is enough", () => {
  assert.deepEqual([shown({ failed: true }), shown({ flagged: true }), shown({ failed: true, flagged: true })], [[1], [2], [1, 2]]);
});

test("a kind of action, a range and what a search found narrow the list together", () => {
  const part = { action: "Tap", range: [1, 3], found: new Set(["step-1", "step-3"]) };

  assert.deepEqual(shown(part), [2]);
  assert.equal(isFiltering({ ...EVERYTHING, ...part }), true);
});

test("a range that reaches beyond the steps is no error", () => {
  assert.deepEqual(shown({ range: [-3, 99] }), [0, 1, 2, 3, 4]);
});

test("one flag, and how many steps have which", () => {
  const index = indexOf([{ flags: ["loop", "no_op"] }, {}, { flags: ["no_op"] }]);

  assert.deepEqual(passing(index, { ...EVERYTHING, flag: "no_op" }), [0, 2]);
  assert.equal(isFiltering({ ...EVERYTHING, flag: "no_op" }), true);
  assert.deepEqual(flagCounts(index), [["loop", 1, 0], ["no_op", 2, 0]]);
});

test("kinds of action are counted, the most frequent first", () => {
  assert.deepEqual(actionCounts(INDEX), [["Tap", 3], ["Swipe", 1]]);
  assert.deepEqual(actionCounts(plainSteps(0)), []);
});

test("moving goes along the steps that pass and stops at the ends", () => {
  const positions = [2, 5, 9];

  assert.deepEqual([moved(positions, 2, 1), moved(positions, 9, 1), moved(positions, 2, -1), moved(positions, 2, 10)], [5, 9, 2, 9]);
});

test("moving from a step that does not pass goes to the nearest on that side", () => {
  const positions = [2, 5, 9];

  assert.deepEqual([moved(positions, 3, 1), moved(positions, 3, -1), moved(positions, 12, 1), moved(positions, 12, -1)], [5, 2, 9, 9]);
  assert.equal(moved([], 4, 1), 4);
});
