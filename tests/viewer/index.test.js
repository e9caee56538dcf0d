import assert from "node:assert/strict";
import { test } from "node:test";

import {
  FAILED, FLAGGED, PLAIN, RUNNING, argumentAt, durationAt, flagsAt, numberAfter, pictureAfter, ratioAt, severityAt,
} from "../../otel_steps/viewer/static/task/steps.js";
import { fits, merged } from "../../otel_steps/viewer/static/task/arrival.js";
import { indexOf, plainSteps } from "./steps.js";

test("the worst that is to be said of a step comes first", () => {
  const index = indexOf([{}, { status: "running", success: null }, { flags: ["loop"] }, { success: false, flags: ["loop"] }]);

  assert.deepEqual([0, 1, 2, 3].map((at) => severityAt(index, at)), [PLAIN, RUNNING, FLAGGED, FAILED]);
});

test("the picture after a step is its successor's, and the last step has none", () => {
  const index = plainSteps(2);

  assert.deepEqual([pictureAfter(index, 0), pictureAfter(index, 1)], ["picture-2", null]);
});

test("a picture after a step that is its own comes first", () => {
  const index = indexOf([{ after: "own" }, {}, { after: "last" }]);

  assert.deepEqual([0, 1, 2].map((at) => pictureAfter(index, at)), ["own", "picture-3", "last"]);
  assert.deepEqual([0, 1, 2].map((at) => numberAfter(index, at)), [1, 3, 3]);
});

test("what is not known has a value to draw with", () => {
  const index = indexOf([{ width: null, duration_ms: null, x: null, y: null }]);
  delete index.flags;

  assert.deepEqual([ratioAt(index, 0), durationAt(index, 0), argumentAt(index, 0), flagsAt(index, 0)], [0.45, 0, "", []]);
});

test("an argument is a text, a point, or a way", () => {
  const index = indexOf([{ label: "hi" }, { x: 12, y: 34.6 }, { x: 1, y: 2, x2: 3, y2: 4 }]);

  assert.deepEqual([0, 1, 2].map((at) => argumentAt(index, at)), ["hi", "12, 35", "1, 2 → 3, 4"]);
});

test("a tail replaces the rows from its place on and leaves the old index as it was", () => {
  const old = plainSteps(3);

  const now = merged(old, { ...indexOf([{ status: "failed" }, {}], "9"), from: 2, count: 4 });

  assert.deepEqual([now.count, now.version, now.status], [4, "9", ["completed", "completed", "failed", "completed"]]);
  assert.deepEqual([old.count, old.status.length], [3, 3]);
});

test("flags of all steps replace all, since a loop is seen late", () => {
  const now = merged(plainSteps(2), { from: 2, count: 3, flags: [["loop"], ["loop"], ["loop"]] });

  assert.deepEqual(now.flags, [["loop"], ["loop"], ["loop"]]);
  assert.equal(now.version, "1");
});

test("flags of the tail alone are added", () => {
  assert.deepEqual(merged(plainSteps(2), { from: 2, count: 3, flags: [["loop"]] }).flags, [[], [], ["loop"]]);
});

test("what came in is taken over only where it fits: no row is made up, none is left out", () => {
  const [old, tail] = [plainSteps(2), { ...plainSteps(1), from: 2, count: 3 }];

  assert.deepEqual([tail, { ...tail, flags: [[], [], []] }].map((each) => fits(old, each)), [true, true]);
  const torn = [{ ...tail, from: 3, count: 4 }, { ...tail, count: 4 }, { ...tail, id: [] }, { ...tail, from: "2" }, {}];
  assert.deepEqual(torn.map((each) => fits(old, each)), [false, false, false, false, false]);
});
