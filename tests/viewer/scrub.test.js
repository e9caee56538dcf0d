import assert from "node:assert/strict";
import { test } from "node:test";

import { pictureUpTo, positionAt } from "../../otel_steps/viewer/static/list/scrub.js";

const MIDDLES = [26, 84, 142];
const POSITIONS = [0, 10, 30];

test("at a frame's middle its own step is shown", () => {
  assert.deepEqual(MIDDLES.map((x) => positionAt(x, MIDDLES, POSITIONS)), POSITIONS);
});

test("between two frames a step between theirs is shown", () => {
  assert.equal(positionAt(55, MIDDLES, POSITIONS), 5);
  assert.equal(positionAt(113, MIDDLES, POSITIONS), 20);
});

test("outside of the middles the ends stay", () => {
  assert.equal(positionAt(-5, MIDDLES, POSITIONS), 0);
  assert.equal(positionAt(900, MIDDLES, POSITIONS), 30);
});

test("a step without a picture shows the last one before it", () => {
  assert.deepEqual(pictureUpTo(["a", null, null, "b"], 2), { position: 0, picture: "a" });
  assert.equal(pictureUpTo([null, null], 1), null);
});
