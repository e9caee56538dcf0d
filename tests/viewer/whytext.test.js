import assert from "node:assert/strict";
import { test } from "node:test";

import { parted } from "../../otel_steps/viewer/static/task/whytext.js";

/** @param {string} sentence */
const links = (sentence) => parted(sentence).filter(({ step }) => step !== null).map(({ text, step }) => [text, step]);

test("the steps of a sentence become links, in both languages", () => {
  assert.deepEqual(links("Steps 5–9 go round; the last change was at step 12."), [["Steps 5–9", 5], ["step 12", 12]]);
  assert.deepEqual(links("第 5–9 步陷入循环。第 12 步之后停止。"), [["第 5–9 步", 5], ["第 12 步", 12]]);
});

test("what was recorded makes no link, and nothing of the sentence is lost", () => {
  const sentence = "The action of step 3 could not be done: “no step 4, see footstep 5”.";

  assert.deepEqual(links(sentence), [["step 3", 3]]);
  assert.equal(parted(sentence).map(({ text }) => text).join(""), sentence);
});
