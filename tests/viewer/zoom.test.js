import assert from "node:assert/strict";
import { test } from "node:test";

import { UNZOOMED, closeUp, coordinateAt, isStacked, keptInside, panned, roomOf, transformOf, zoomed } from "../../otel_steps/viewer/static/task/zoom.js";

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

// A frame of 100 x 200 px in a pane of 400 x 200 px, at its right edge.
const frame = { left: 300, right: 400, top: 0, bottom: 200, width: 100, height: 200 };
const pane = { left: 0, right: 400, top: 0, bottom: 200, width: 400, height: 200 };
const room = roomOf(frame, pane);

test("the room beside a frame is counted in frames", () => {
  assert.deepEqual(room, { left: 300, right: 0, top: 0, bottom: 0 });
});

test("a picture grows into the whole pane, and stays where it stood until it fills it", () => {
  const twice = zoomed(UNZOOMED, 2, { x: 10, y: 50 }, room);

  // Twice as wide is half the pane: it keeps to the right, and cannot be panned but up and down.
  assert.deepEqual(twice, { scale: 2, x: -100, y: -50 });
  assert.deepEqual(panned(twice, { x: 30, y: 10 }, room), { scale: 2, x: -100, y: -40 });
  // Eight times as wide it fills the pane, and moves until its edges are at the pane's.
  assert.equal(panned({ scale: 8, x: -400, y: 0 }, { x: 900, y: 0 }, room).x, -300);
  assert.equal(panned({ scale: 8, x: -400, y: 0 }, { x: -900, y: 0 }, room).x, -700);
});

test("a picture in the middle of its pane stays in the middle", () => {
  assert.deepEqual(keptInside({ scale: 2, x: -80, y: -80 }, { left: 100, right: 100, top: 0, bottom: 0 }), { scale: 2, x: -50, y: -80 });
  assert.deepEqual(keptInside(UNZOOMED, room), UNZOOMED);
});

test("two pictures stand the way in which they are larger", () => {
  const view = { width: 700, height: 560 };

  assert.deepEqual([[0.45, 0.45], [1.6, 1.6], [0.45, 1.6]].map((ratios) => isStacked(view, ratios)), [false, true, false]);
});
