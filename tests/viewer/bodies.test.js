import assert from "node:assert/strict";
import { test } from "node:test";

import { Bodies } from "../../otel_steps/viewer/static/task/bodies.js";
import { indexOf } from "./steps.js";

/** Answers with how often it was asked. */
class Source {
  asked = 0;

  async step(task, id) {
    this.asked += 1;
    if (id === "step-2") throw new Error("no");
    return { step: { id }, screenshot: this.asked };
  }
}

test("a step is asked for once, however many want it", async () => {
  const source = new Source();
  const bodies = new Bodies(source, "t");
  const index = indexOf([{}]);
  assert.equal(bodies.at(index, 0), null);

  const [one, other] = await Promise.all([bodies.load(index, 0), bodies.load(index, 0)]);

  assert.deepEqual([one, await bodies.load(index, 0), bodies.at(index, 0)], [other, one, one]);
  assert.equal(source.asked, 1);
});

test("a step that goes on is asked for again, and so is one that could not be had", async () => {
  const source = new Source();
  const bodies = new Bodies(source, "t");

  await bodies.load(indexOf([{ status: "running" }], "1"), 0);
  await bodies.load(indexOf([{ status: "running" }], "2"), 0);
  await bodies.load(indexOf([{}], "3"), 0);
  await bodies.load(indexOf([{}], "4"), 0);
  assert.equal(source.asked, 3);
  for (const _ of [1, 2]) await assert.rejects(bodies.load(indexOf([{}, {}]), 1), /no/);
  assert.equal(source.asked, 5);
});

test("the oldest are forgotten, so that a long task does not fill the page", async () => {
  const bodies = new Bodies(new Source(), "t");
  const index = indexOf(Array.from({ length: 500 }, (_, at) => ({ id: `body-${at}` })));

  for (let at = 0; at < 500; at++) await bodies.load(index, at);

  assert.deepEqual([bodies.kept.size, bodies.at(index, 0)], [400, null]);
});
