import assert from "node:assert/strict";
import { test } from "node:test";

import { agoText, durationText, language, learn, numberText, percentText, preferred, t } from "../../otel_steps/viewer/static/i18n.js";

test("the reader's first language that is spoken here is taken, and English without one", () => {
  assert.equal(preferred(["fr", "zh-TW", "en"]), "zh");
  assert.equal(preferred(["en-GB", "zh"]), "en");
  assert.equal(preferred(["fr"]), "en");
  assert.equal(preferred([]), "en");
});

test("places in a phrase are filled, once and literally", async () => {
  await learn("shell");
  await learn("list");

  assert.equal(t("list.found", { count: 12, total: 1234 }), "12 of 1,234 tasks");
  assert.equal(t("list.hit", { number: "{number} $& <b>" }), "Found in step {number} $& <b>");
  assert.equal(t("list.hit"), "Found in step {number}");
});

test("one is not many", async () => {
  await learn("list");

  assert.equal(t("list.count", { count: 1 }), "1 task");
  assert.equal(t("list.count", { count: 2 }), "2 tasks");
});

test("a phrase that nobody wrote is shown by its name", () => {
  assert.equal(t("no.such.phrase"), "no.such.phrase");
});

test("times are said in the two largest units that tell something", async () => {
  await learn("shell");

  assert.deepEqual(
    [0, 999, 1500, 48000, 130000, 59 * 60000, 5 * 3600000 + 61000].map(durationText),
    ["0 ms", "999 ms", "1.5 s", "48 s", "2 min 10 s", "59 min 0 s", "5 h 1 min"],
  );
  assert.equal(durationText(null), "");
});

test("how long ago is rounded down, and an old time is a date", () => {
  const now = Date.parse("2026-11-25T12:00:00Z");

  assert.match(agoText("2026-11-25T11:58:01Z", now), /^1 min/);
  assert.match(agoText("2026-11-24T11:00:00Z", now), /yesterday/);
  assert.match(agoText("2026-10-01T11:00:00Z", now), /2026/);
  // A clock that is ahead of ours has not been in the future.
  assert.match(agoText("2026-11-25T13:00:00Z", now), /now/);
});

test("numbers are written as the language writes them", () => {
  assert.equal(language(), "en");
  assert.equal(numberText(1234.5), "1,234.5");
  assert.equal(percentText(0.805), "81%");
});
