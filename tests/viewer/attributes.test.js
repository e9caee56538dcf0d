import assert from "node:assert/strict";
import { test } from "node:test";

import { attributeRows } from "../../otel_steps/viewer/static/task/attributes.js";

const step = { id: "s1", thinking: "long", app: null, success: false, brand_new: 83, attributes: { "x.y": [1] }, resource: { "os.name": "Android" } };

test("every column is told that no other part of the view shows, one that is new, too", () => {
  assert.deepEqual(attributeRows(step, { width: 1080 }, ""), [
    ["id", "s1"],
    ["success", "false"],
    ["brand_new", "83"],
    ["x.y", "[1]"],
    ["os.name", "Android"],
    ["screenshot.width", "1080"],
  ]);
});

test("a word finds names and values", () => {
  assert.deepEqual(attributeRows(step, null, "ANDROID"), [["os.name", "Android"]]);
  assert.deepEqual(attributeRows(step, null, "brand"), [["brand_new", "83"]]);
});
