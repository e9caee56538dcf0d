import assert from "node:assert/strict";
import { test } from "node:test";

import { offsetShowing, windowOf } from "../../otel_steps/viewer/static/window.js";

test("of ten thousand items only those in view and a few beside them are drawn", () => {
  const view = windowOf({ count: 10000, size: 30, offset: 30000, extent: 600 });

  assert.deepEqual(view, { first: 996, end: 1024 });
});

test("the ends of a list bound what is drawn", () => {
  assert.deepEqual(windowOf({ count: 3, size: 30, offset: 0, extent: 600 }), { first: 0, end: 3 });
  assert.deepEqual(windowOf({ count: 3, size: 30, offset: 9000, extent: 600 }), { first: 3, end: 3 });
});

test("an item in view does not move the list", () => {
  assert.equal(offsetShowing({ position: 5, size: 30, offset: 90, extent: 300 }), 90);
});

test("an item just out of view moves the list by as little as shows it and its neighbour", () => {
  assert.equal(offsetShowing({ position: 10, size: 30, offset: 0, extent: 300 }), 60);
  assert.equal(offsetShowing({ position: 2, size: 30, offset: 300, extent: 300 }), 30);
  assert.equal(offsetShowing({ position: 0, size: 30, offset: 300, extent: 300 }), 0);
});

test("an item far away comes to the middle", () => {
  assert.equal(offsetShowing({ position: 1000, size: 30, offset: 0, extent: 300 }), 30015 - 150);
});
