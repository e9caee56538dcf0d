import assert from "node:assert/strict";
import { test } from "node:test";

import { KEYS, moved, pairOf, parsed, partingOf, pinsOf, stepped, toggled, written } from "../../otel_steps/viewer/static/compare/pairs.js";
import { plainSteps } from "./steps.js";

const PAIRS = [[0, 0], [null, 1], [1, 2], [2, null]];
const [A, B] = [plainSteps(3), plainSteps(3)];

test("differences are walked through in both directions, and the ends stay", () => {
  const same = [true, false, true, false, true];

  assert.equal(moved("nextDifference", 1, same), 3);
  assert.equal(moved("nextDifference", 3, same), 3);
  assert.equal(moved("previousDifference", 3, same), 1);
  assert.equal(moved("previousDifference", 0, same), 0);
  assert.deepEqual([moved("next", 4, same), moved("previous", 0, same)], [4, 0]);
  assert.deepEqual([moved("first", 2, same), moved("last", 2, same)], [0, 4]);
});

test("every key means a move", () => {
  for (const move of Object.values(KEYS)) assert.ok(Number.isInteger(moved(move, 1, [true, true, false])));
});

test("two steps are the pair that they are, or the first that one of them is in", () => {
  assert.deepEqual([[0, 0], [null, 1], [2, null], [1, 1], [null, 2]].map((seen) => pairOf(PAIRS, seen)), [0, 1, 3, 1, 2]);
});

test("where only one has a step, the other's next is what it did instead", () => {
  assert.deepEqual([0, 1, 3].map((at) => partingOf(PAIRS, at)), [[0, 0], [1, 1], [2, null]]);
  assert.deepEqual(partingOf([], 0), [null, null]);
});

test("one of the two goes on by itself, and not beyond its run", () => {
  assert.deepEqual(stepped([1, 2], 0, 1, 3), [2, 2]);
  assert.deepEqual(stepped([1, 2], 1, 1, 3), [1, 2]);
  assert.deepEqual(stepped([null, 1], 0, -1, 3), [2, 1]);
});

test("the address has the numbers of both steps, and how they are seen", () => {
  for (const seen of PAIRS) assert.deepEqual(parsed(written(seen, A, B, "diff"), A, B, PAIRS, [0, 0]), { seen, mode: "diff" });
  assert.equal(written([0, 0], A, B, "side"), "#a=1&b=1");
});

test("of a step alone the counterpart is meant; what is no step is none", () => {
  assert.deepEqual(parsed("#b=3", A, B, PAIRS, [0, 0]).seen, [1, 2]);
  assert.deepEqual(parsed("#a=99&b=x", A, B, PAIRS, [2, null]).seen, [2, null]);
  assert.equal(parsed("#v=none", A, B, PAIRS, [0, 0]).mode, "side");
});

test("a pin takes away those that it crosses, and itself the second time", () => {
  const pins = pinsOf("a=x&b=y&pin=2-3&pin=5-6");

  assert.deepEqual(pins, [[2, 3], [5, 6]]);
  assert.deepEqual(toggled(pins, [3, 4]), [[2, 3], [3, 4], [5, 6]]);
  assert.deepEqual(toggled(pins, [4, 7]), [[2, 3], [4, 7]]);
  assert.deepEqual(toggled(pins, [5, 2]), [[5, 2]]);
  assert.deepEqual(toggled(pins, [2, 3]), [[5, 6]]);
});
