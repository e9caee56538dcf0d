import assert from "node:assert/strict";
import { test } from "node:test";

import { KEYS, isSame, moved, positionOf } from "../../otel_steps/viewer/static/compare/pairs.js";
import { indexOf } from "./steps.js";

test("steps that did the same at nearly the same place are the same", () => {
  const a = indexOf([{ x: 500 }, { x: 500 }, { x: 500 }, { action: "Back", x: null, y: null }]);
  const b = indexOf([{ x: 580 }, { x: 700 }, { app: "Camera" }, { action: "Back", x: null, y: null }]);

  assert.deepEqual([0, 1, 2, 3].map((at) => isSame(a, b, [at, at])), [true, false, false, true]);
});

test("a step without a counterpart is no step of both", () => {
  const index = indexOf([{}]);

  assert.equal(isSame(index, index, [0, null]), false);
  assert.equal(isSame(index, index, [null, 0]), false);
});

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

test("the address counts from one, and cannot lead outside", () => {
  assert.equal(positionOf("#at=6", 0, 10), 5);
  assert.equal(positionOf("#at=99", 0, 10), 9);
  assert.equal(positionOf("", 3, 10), 3);
});
