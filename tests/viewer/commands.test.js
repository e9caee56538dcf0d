import assert from "node:assert/strict";
import { test } from "node:test";

import { arrived } from "../../otel_steps/viewer/static/task/arrival.js";
import { beginning, changeOf, isChange, isGoingAlong, newest, selected } from "../../otel_steps/viewer/static/task/commands.js";
import { EVERYTHING } from "../../otel_steps/viewer/static/task/filter.js";
import { UNZOOMED } from "../../otel_steps/viewer/static/task/zoom.js";
import { indexOf, plainSteps } from "./steps.js";

const at = (position, more = {}) => ({
  index: indexOf([{}, { success: false }, { flags: ["loop"] }, { success: false }, {}]),
  position,
  phase: "action",
  mode: "pair",
  filter: EVERYTHING,
  shown: null,
  zoom: UNZOOMED,
  hasOverlay: true,
  isPlaying: false,
  isHelpOpen: false,
  speed: 1,
  unseen: 0,
  ...more,
});

test("without a step in the address a task opens where it matters", () => {
  const opened = (task, position = 0) => ({ ...at(position, { task }), ...beginning(at(position, { task })) }).position;

  assert.equal(opened({ status: "failed", why: { steps: [3, 1] } }), 2);
  // What the cause names may not be there, and a cause need not be known.
  assert.equal(opened({ status: "failed", why: { steps: [99] } }), 1);
  assert.equal(opened({ status: "failed", why: { steps: [] } }), 1);
  assert.equal(opened({ status: "running", why: null }), 4);
  assert.equal(opened({ status: "completed", why: null }), 0);
});

test("next and previous select the neighbours, and the ends stay", () => {
  assert.equal(changeOf("next", at(1)).position, 2);
  assert.equal(changeOf("previous", at(1)).position, 0);
  assert.equal(changeOf("next", at(4)).position, undefined);
  assert.deepEqual(selected(at(-1, { index: plainSteps(0) }), 3), {});
});

test("first, last and tens go far", () => {
  assert.deepEqual(["first", "last", "next10", "previous10"].map((command) => changeOf(command, at(2)).position), [0, 4, 4, 0]);
});

test("moving by hand stops the player", () => {
  assert.equal(changeOf("next", at(1, { isPlaying: true })).isPlaying, false);
  assert.equal("isPlaying" in changeOf("overlay", at(1, { isPlaying: true })), false);
});

test("with a filter, next is the next that passes", () => {
  assert.equal(changeOf("next", at(0, { shown: [0, 3] })).position, 3);
});

test("the arrows go through the phases of a step and on to its neighbour", () => {
  assert.equal(changeOf("nextPhase", at(1)).phase, "after");
  const on = changeOf("nextPhase", at(1, { phase: "after" }));
  const back = changeOf("previousPhase", at(1, { phase: "before" }));

  assert.deepEqual([on.position, on.phase, back.position, back.phase], [2, "before", 0, "after"]);
  assert.deepEqual(changeOf("nextPhase", at(4, { phase: "after" })), { isPlaying: false });
});

test("failed steps are found in both directions, and none beyond the last", () => {
  assert.equal(changeOf("nextFailed", at(1)).position, 3);
  assert.equal(changeOf("previousFailed", at(3)).position, 1);
  assert.equal(changeOf("nextFailed", at(3)).position, undefined);
});

test("flagged only filters and goes to a flagged step, and lets go again", () => {
  const change = changeOf("flagged", at(0));
  const back = changeOf("flagged", at(2, { filter: { ...EVERYTHING, flagged: true } }));

  assert.deepEqual([change.filter.flagged, change.position], [true, 2]);
  assert.deepEqual([back.filter.flagged, back.position], [false, undefined]);
});

test("play starts, pauses, and begins again at the end", () => {
  assert.deepEqual(changeOf("play", at(1)), { isPlaying: true });
  assert.deepEqual(changeOf("play", at(1, { isPlaying: true })), { isPlaying: false });
  assert.equal(changeOf("play", at(4, { phase: "after" })).position, 0);
  assert.equal(changeOf("play", at(4, { filter: { ...EVERYTHING, range: [2, 4] } })).position, 2);
});

test("speeds and modes go round within what there is", () => {
  assert.deepEqual([changeOf("faster", at(0)).speed, changeOf("slower", at(0, { speed: 0.5 })).speed, changeOf("faster", at(0, { speed: 8 })).speed], [2, 0.5, 8]);
  assert.deepEqual([changeOf("mode", at(0)).mode, changeOf("mode", at(0, { mode: "diff" })).mode], ["single", "pair"]);
});

test("zoom goes near the action and back", () => {
  const near = changeOf("zoom", at(0)).zoom;

  assert.deepEqual(near, { scale: 2, x: -50, y: -50 });
  assert.equal(changeOf("zoom", at(0, { zoom: near })).zoom, UNZOOMED);
});

test("keys zoom step by step, towards the action, and no further out than the whole picture", () => {
  const near = changeOf("zoomIn", at(0)).zoom;

  assert.deepEqual(near, { scale: 1.5, x: -25, y: -25 });
  assert.equal(changeOf("zoomOut", at(0, { zoom: near })).zoom.scale, 1);
  assert.deepEqual(changeOf("zoomOut", at(0)), {});
});

test("switches switch", () => {
  assert.deepEqual(["attempts", "strip", "full"].map((command) => Object.values(changeOf(command, at(0)))), [[true], [true], [true]]);
  assert.equal(changeOf("close", at(0, { isFull: true })).isFull, false);
  assert.equal(changeOf("overlay", at(0)).hasOverlay, false);
  assert.equal(changeOf("help", at(0)).isHelpOpen, true);
  assert.equal(changeOf("close", at(0, { isHelpOpen: true })).isHelpOpen, false);
  assert.equal(changeOf("clear", at(0)).filter, EVERYTHING);
  assert.deepEqual([isChange("next"), isChange("copyLink")], [true, false]);
});

const tail = (from, steps) => ({ ...indexOf(steps, "2"), from, count: from + steps.length });

test("a reader at the end goes along with new steps", () => {
  const change = arrived(at(4), tail(5, [{}, {}]));

  assert.deepEqual([change.index.count, change.position, change.unseen], [7, 6, undefined]);
});

test("who watches live goes along from the newest step on, until he moves", () => {
  const live = at(1, { isLive: true });
  const there = { ...live, ...newest(live) };

  assert.deepEqual([isGoingAlong(live), isGoingAlong(there), isGoingAlong({ ...there, isPlaying: true })], [false, true, false]);
  assert.equal(isGoingAlong({ ...there, ...changeOf("previous", there) }), false);
  assert.equal(isGoingAlong({ ...there, isLive: false }), false);
});

test("a reader elsewhere, or a film, stays and is told", () => {
  assert.deepEqual([arrived(at(1), tail(5, [{}, {}])).unseen, arrived(at(1), tail(5, [{}])).position], [2, undefined]);
  assert.equal(arrived(at(4, { isPlaying: true, unseen: 1 }), tail(5, [{}])).unseen, 2);
});

test("a step that only changed is no new one", () => {
  const change = arrived(at(1), tail(4, [{ status: "failed" }]));

  assert.deepEqual([change.unseen, change.index.count, change.index.status[4]], [0, 5, "failed"]);
});
