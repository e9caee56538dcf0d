import assert from "node:assert/strict";
import { test } from "node:test";

import { partsOf } from "../../otel_steps/viewer/static/task/hits.js";

test("a text is cut where a word stands, whatever its case", () => {
  assert.deepEqual(partsOf("Camera, CAMERA", "camera"), ["", "Camera", ", ", "CAMERA", ""]);
  assert.deepEqual(partsOf("打开相机", "相机"), ["打开", "相机", ""]);
  assert.deepEqual(partsOf("Back", "camera"), ["Back"]);
  assert.deepEqual(partsOf("Back", ""), ["Back"]);
  assert.equal(partsOf("aXaX", "x").join(""), "aXaX");
});

test("letters that change their length keep the text whole", () => {
  assert.deepEqual(partsOf("İstanbul", "stan"), ["İstanbul"]);
});
