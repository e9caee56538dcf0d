import assert from "node:assert/strict";
import { test } from "node:test";

import { criticalPath, seenRows, ticksOf, treeOf } from "../../otel_steps/viewer/static/task/spantree.js";

/** Nodes of `[parent, start, duration]`, of which the first are steps. */
const nodesOf = (steps, ...spans) => ({
  step_ids: Array.from({ length: steps }, (_, at) => `step-${at}`),
  traces: ["t"],
  trace: spans.map(() => 0),
  span_id: spans.map((_, at) => `s${at}`),
  name: spans.map((_, at) => `span ${at}`),
  parent: spans.map(([parent]) => parent),
  start_ms: spans.map(([, start]) => start),
  duration_ms: spans.map(([, , duration]) => duration),
  is_error: spans.map(() => false),
});
const path = (nodes) => Object.fromEntries(criticalPath(treeOf(nodes)));

test("parents come before children, each level by time, and each knows its step", () => {
  const tree = treeOf(nodesOf(2, [null, 0, 10], [null, 10, 10], [1, 15, 2], [1, 11, 2], [3, 11, 1], [null, 5, 1]));

  assert.deepEqual(tree.rows.map(({ node, depth }) => [node, depth]), [[0, 0], [5, 0], [1, 0], [3, 1], [4, 2], [2, 1]]);
  assert.deepEqual(tree.step, [0, 1, 1, 1, 1, null]);
  assert.equal(tree.whole, 20);
});

test("what is below a folded row is not seen", () => {
  const tree = treeOf(nodesOf(1, [null, 0, 10], [0, 1, 3], [1, 1, 1], [0, 5, 2]));

  assert.deepEqual(seenRows(tree, new Set([1])).map(({ node }) => node), [0, 1, 3]);
  assert.deepEqual(seenRows(tree, new Set([0, 1])).map(({ node }) => node), [0]);
  assert.equal(seenRows(tree, new Set()).length, 4);
});

test("the critical path goes through what ended last, and leaves out what ran beside it", () => {
  // A step of 0-20 with a call 2-8, another 8-18, and one beside them, 5-12.
  const found = path(nodesOf(1, [null, 0, 20], [0, 2, 6], [0, 8, 10], [0, 5, 7]));

  assert.deepEqual(found, { 0: [[0, 2], [18, 20]], 1: [[2, 8]], 2: [[8, 18]] });
});

test("a child that outlives its parent, or began before it, is waited for no longer than the parent", () => {
  assert.deepEqual(path(nodesOf(1, [null, 10, 10], [0, 5, 30]))[1], [[5, 20]]);
  assert.deepEqual(path(nodesOf(1, [null, 10, 10], [0, 15, 30]))[0], [[10, 15]]);
});

test("ten thousand spans, one below the other, are a tree at once", () => {
  const tree = treeOf(nodesOf(1, ...Array.from({ length: 10_000 }, (_, at) => [at === 0 ? null : at - 1, at, 20_000 - 2 * at])));

  assert.equal(tree.rows.at(-1).depth, 9_999);
  assert.equal(criticalPath(tree).size, 10_000);
});

test("no spans, and spans that have not ended, are no error", () => {
  assert.deepEqual(treeOf(nodesOf(0)).rows, []);
  assert.equal(treeOf(nodesOf(1, [null, 3, null])).whole, 3);
  assert.equal(path(nodesOf(0)).length, undefined);
});

test("times above the waterfall are round and few", () => {
  assert.deepEqual(ticksOf([0, 10_000], 5), [0, 2000, 4000, 6000, 8000, 10_000]);
  assert.deepEqual(ticksOf([1500, 2600], 4), [1500, 2000, 2500]);
  assert.ok(ticksOf([0, 1], 6).length <= 7);
});
