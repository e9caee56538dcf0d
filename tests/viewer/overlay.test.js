import assert from "node:assert/strict";
import { test } from "node:test";

import { overlayOf } from "../../otel_steps/viewer/static/overlay.js";
import { indexOf } from "./steps.js";

const NOWHERE = { x: null, y: null };
const shapesOf = (steps, at = steps.length - 1, step = null, options = {}) => overlayOf(step, indexOf(steps), at, options);

test("a tap is drawn at the agent's own coordinates", () => {
  const [shape] = shapesOf([{ action: "Tap", x: 512, y: 884 }]);

  assert.deepEqual([shape.marker, shape.x, shape.y, shape.isOutside], ["tap", 512, 884, false]);
});

test("every action of the agent has its marker, and one that nobody knows still shows", () => {
  const kinds = ["double_tap", "right_click", "hover", "long_press", "scroll", "key", "launch", "back", "home", "wait", "take_over", "note", "call_api", "interact", "finish", "unknown"];

  const markers = kinds.map((kind) => shapesOf([{ action: "Dance", kind }]).at(-1).marker);

  assert.deepEqual(markers, kinds);
});

test("a swipe goes from its start to its end", () => {
  const [shape] = shapesOf([{ action: "Swipe", x: 500, y: 800, x2: 500, y2: 300 }]);

  assert.deepEqual([shape.x, shape.y, shape.x2, shape.y2], [500, 800, 500, 300]);
});

test("a swipe without an end stays where it began", () => {
  const [shape] = shapesOf([{ action: "Swipe", x: 500, y: 800 }]);

  assert.deepEqual([shape.x2, shape.y2], [500, 800]);
});

test("a point off the picture is drawn at its edge and says so", () => {
  const [shape] = shapesOf([{ action: "Tap", x: 1200, y: -5 }]);

  assert.deepEqual([shape.x, shape.y, shape.isOutside, shape.text], [1000, 0, true, "1200, -5"]);
});

test("typed text stands where the last tap set the cursor", () => {
  const steps = [{ action: "Tap", x: 400, y: 930 }, { action: "Wait", ...NOWHERE }, { action: "Type", label: "hi", ...NOWHERE }];

  const [shape] = shapesOf(steps);

  assert.deepEqual([shape.marker, shape.x, shape.y, shape.text], ["type", 400, 930, "hi"]);
});

test("typed text stands at the bottom when something else came after the tap", () => {
  const steps = [{ action: "Tap", x: 400, y: 130 }, { action: "Home", ...NOWHERE }, { action: "Type", ...NOWHERE }];

  const [shape] = shapesOf(steps);

  assert.deepEqual([shape.x, shape.y, shape.text], [500, 900, ""]);
});

test("the row gives the full text and the time of a wait", () => {
  const [typed] = shapesOf([{ action: "Type", label: "short", ...NOWHERE }], 0, { action: { text: "the whole text" } });
  const [waited] = shapesOf([{ action: "Wait", ...NOWHERE }], 0, { action: { duration: "3 seconds" } });

  assert.deepEqual([typed.text, waited.text], ["the whole text", "3 seconds"]);
});

test("earlier attempts on the same screen are dots where they are asked for, waits between them ignored", () => {
  const steps = [
    { app: "Home" },
    { x: 10, y: 20 },
    { action: "Wait", ...NOWHERE },
    { x: 30, y: 40 },
    { x: 50, y: 60 },
  ];

  const shapes = shapesOf(steps, 4, null, { hasAttempts: true });

  assert.deepEqual(shapes.map(({ marker, x }) => [marker, x]), [["attempt", 30], ["attempt", 10], ["tap", 50]]);
  assert.deepEqual(shapesOf(steps).map(({ marker }) => marker), ["tap"]);
});

test("a step without an action, or a tap without a point, draws nothing", () => {
  assert.deepEqual([shapesOf([{ action: null }]), shapesOf([{ action: "Tap", x: null, y: Number.NaN }])], [[], []]);
});
