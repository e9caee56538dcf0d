import assert from "node:assert/strict";
import { test } from "node:test";

import { UNZOOMED, closeUp, coordinateAt, panned, transformOf, zoomed } from "../../otel_steps/viewer/static/task/zoom.js";

test("the point under the pointer stays where it is", () => {
  const point = { x: 30, y: 80 };
  const before = coordinateAt(point, UNZOOMED);

  const zoom = zoomed(zoomed(UNZOOMED, 2, point), 1.5, point);

  assert.equal(zoom.scale, 3);
  assert.deepEqual(coordinateAt(point, zoom), before);
});

test("a picture is never smaller than its frame, nor larger than eight times", () => {
  assert.deepEqual(zoomed(zoomed(UNZOOMED, 3, { x: 10, y: 10 }), 0.01, { x: 90, y: 90 }), { scale: 1, x: 0, y: 0 });
  assert.equal(zoomed(UNZOOMED, 100, { x: 0, y: 0 }).scale, 8);
});

test("panning stops at the picture's edges", () => {
  const zoom = { scale: 2, x: -50, y: -50 };

  assert.deepEqual(panned(zoom, { x: 10, y: -10 }), { scale: 2, x: -40, y: -60 });
  assert.deepEqual(panned(zoom, { x: 500, y: -500 }), { scale: 2, x: 0, y: -100 });
});

test("a close-up has its point in the middle, as far as the edges allow", () => {
  assert.deepEqual(coordinateAt({ x: 50, y: 50 }, closeUp({ x: 400, y: 600 }, 2)), { x: 400, y: 600 });
  assert.deepEqual(closeUp({ x: 0, y: 1000 }, 2), { scale: 2, x: 0, y: -100 });
});

test("coordinates stay on the picture", () => {
  assert.deepEqual(coordinateAt({ x: -3, y: 120 }, UNZOOMED), { x: 0, y: 1000 });
  assert.equal(transformOf({ scale: 2, x: -50, y: -25 }), "translate(-50%, -25%) scale(2)");
});
