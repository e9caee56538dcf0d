import assert from "node:assert/strict";
import { test } from "node:test";

import { routeOf, taskLink } from "../../otel_steps/viewer/static/route.js";

test("each address has its view", () => {
  assert.deepEqual(routeOf("/?q=a&page=2"), { view: "list", taskId: "", query: "q=a&page=2", isKnown: true });
  assert.deepEqual(routeOf("/compare?a=1&b=2"), { view: "compare", taskId: "", query: "a=1&b=2", isKnown: true });
  assert.equal(routeOf("/t/abc").view, "task");
  assert.equal(routeOf("/below/t/abc").taskId, "abc");
  assert.equal(routeOf("/below/t/compare").taskId, "compare");
  assert.equal(routeOf("/below/?q=a").isKnown, true);
});

test("an address of nothing shows the list, and is known to be none of ours", () => {
  assert.deepEqual(routeOf("/openapi.json"), { view: "list", taskId: "", query: "", isKnown: false });
});

test("any id comes back from its link", () => {
  for (const id of ["plain", "微信 任务", "a?b#c", "50%", "one/two", ".", "..", "..;", "a/steps"]) {
    const [path] = taskLink(id, 3).split("#");
    assert.equal(routeOf(new URL(path, "http://here/below/").pathname).taskId, id);
  }
  assert.equal(routeOf("/t/50%").taskId, "50%");
});

test("a link may go to a step", () => {
  assert.equal(taskLink("x", 14), "t/x#s=14");
  assert.equal(taskLink("x"), "t/x");
});
