import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { test } from "node:test";

import { KEYS } from "../../otel_steps/viewer/static/task/keys.js";
import en from "../../otel_steps/viewer/static/words.task.en.js";
import spans from "../../otel_steps/viewer/static/words.spans.en.js";
import zh from "../../otel_steps/viewer/static/words.task.zh.js";

const VIEW = new URL("../../otel_steps/viewer/static/task/", import.meta.url);
const placesOf = (text) => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort();

test("both languages have the same words with the same places", () => {
  assert.deepEqual(Object.keys(zh).sort(), Object.keys(en).sort());
  for (const key of Object.keys(en)) assert.deepEqual(placesOf(zh[key]), placesOf(en[key]), key);
});

test("every word that the task view asks for by name is there", async () => {
  for (const file of await readdir(VIEW)) {
    const source = await readFile(new URL(file, VIEW), "utf8");
    for (const [, key] of source.matchAll(/\bt\("([\w.]+)"/g)) assert.ok(key in en || key in spans, `${file}: ${key}`);
  }
});

test("every key of the help sheet has its words", () => {
  for (const [, command] of KEYS) assert.ok(`task.key.${command}` in en, command);
});
