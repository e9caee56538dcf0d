import assert from "node:assert/strict";
import { test } from "node:test";

import { difference } from "../../otel_steps/viewer/static/task/pixels.js";

const grey = (...values) => Uint8ClampedArray.from(values.flatMap((value) => [value, value, value, 255]));

test("the share of pixels that changed, and where they are", () => {
  const { share, mask } = difference(grey(0, 0, 0, 0), grey(0, 200, 0, 0));

  assert.equal(share, 0.25);
  assert.deepEqual([mask[4], mask[7], mask[3]], [255, 235, 150]);
});

test("what compression does to a picture is no change", () => {
  assert.equal(difference(grey(100, 100), grey(110, 95)).share, 0);
});

test("no pixels, no change", () => {
  assert.equal(difference(grey(), grey()).share, 0);
});
