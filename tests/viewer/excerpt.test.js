import assert from "node:assert/strict";
import { test } from "node:test";

import { fromHit } from "../../otel_steps/viewer/static/list/excerpt.js";
import { taskLink } from "../../otel_steps/viewer/static/route.js";

test("a line that is cut off begins near its hit", () => {
  const far = `${"😀".repeat(40)} needle and more`;

  assert.match(fromHit(far, "needle"), /^…(😀)+ needle and more$/u);
  assert.equal(fromHit(far, "nowhere"), far);
  assert.equal(fromHit("a needle", "needle"), "a needle");
});

test("the word goes along to the task", () => {
  assert.equal(taskLink("a b", 3, "50% & 微信"), "t/a%20b#s=3&q=50%25%20%26%20%E5%BE%AE%E4%BF%A1");
  assert.equal(taskLink("a", null, "x"), "t/a#q=x");
  assert.equal(taskLink("a", null, ""), "t/a");
});
