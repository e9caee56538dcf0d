import assert from "node:assert/strict";
import { test } from "node:test";

import { furtherOf } from "../../otel_steps/viewer/static/task/further.js";

const SHA = "ab".repeat(32);

test("what names a picture or says why there is none is shown, as JSON or as it is", () => {
  const all = [{ role: "after", sha256: SHA }, { error: "empty" }, { sha256: "../x" }, null, 7];

  assert.deepEqual(furtherOf(all), all.slice(0, 2));
  assert.deepEqual(furtherOf(JSON.stringify(all)), all.slice(0, 2));
});

test("whatever else stands under that name is nothing", () => {
  for (const value of [undefined, null, "", "{", "{}", "7", {}, 7]) assert.deepEqual(furtherOf(value), []);
});
