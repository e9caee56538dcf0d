import assert from "node:assert/strict";
import { test } from "node:test";

import { PHASES, deriveFrame, positionAt, timeOf, timelineOf } from "../../otel_steps/viewer/static/task/clock.js";
import { indexOf, plainSteps } from "./steps.js";

test("a step lasts until the next begins, and the last one its own time", () => {
  const index = indexOf([{ start_ms: 0 }, { start_ms: 5000 }, { start_ms: 5200, duration_ms: 700 }]);

  assert.deepEqual(timelineOf(index, { isShortened: false }), { starts: [0, 5000, 5200], total: 5900 });
});

test("shortened, no step keeps anybody waiting and none flits by", () => {
  const index = indexOf([{ start_ms: 0 }, { start_ms: 60000 }, { start_ms: 60010, duration_ms: null }]);

  assert.deepEqual(timelineOf(index, { isShortened: true }), { starts: [0, 2400, 3300], total: 4200 });
});

test("clocks that ran backwards give no negative time", () => {
  const { starts } = timelineOf(indexOf([{ start_ms: 900 }, { start_ms: 100 }]), { isShortened: false });

  assert.deepEqual(starts, [0, 1]);
});

test("a moment is a step, its phase, and how far that is", () => {
  const timeline = { starts: [0, 1000], total: 2000 };

  assert.deepEqual(deriveFrame(timeline, 200), { position: 0, phase: "before", progress: 0.5, isOver: false });
  assert.equal(deriveFrame(timeline, 1500).phase, "action");
  assert.equal(deriveFrame(timeline, 1900).phase, "after");
});

test("before the beginning is the beginning, and after the end the end", () => {
  const timeline = { starts: [0, 1000], total: 2000 };

  assert.deepEqual(deriveFrame(timeline, -5), { position: 0, phase: "before", progress: 0, isOver: false });
  assert.deepEqual(deriveFrame(timeline, 9999), { position: 1, phase: "after", progress: 1, isOver: true });
});

test("a task without steps is over at once", () => {
  assert.deepEqual(deriveFrame(timelineOf(plainSteps(0), { isShortened: true }), 0).position, -1);
});

test("the time of a step and phase leads back to that step and phase", () => {
  const timeline = timelineOf(plainSteps(50), { isShortened: true });
  for (let position = 0; position < 50; position++) {
    for (const phase of PHASES) {
      const frame = deriveFrame(timeline, timeOf(timeline, position, phase));
      assert.deepEqual([frame.position, frame.phase], [position, phase]);
    }
  }
  assert.equal(timeOf(timeline, 99, "before"), 0);
});

test("the last step that began is found among many", () => {
  assert.deepEqual([0, 9, 10, 25, 99].map((value) => positionAt([0, 10, 20], value)), [0, 0, 1, 2, 2]);
});
