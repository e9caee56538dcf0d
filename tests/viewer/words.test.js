import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { test } from "node:test";

import { KEYS } from "../../otel_steps/viewer/static/task/keys.js";
import exportEn from "../../otel_steps/viewer/static/words.export.en.js";
import exportZh from "../../otel_steps/viewer/static/words.export.zh.js";
import en from "../../otel_steps/viewer/static/words.task.en.js";
import spans from "../../otel_steps/viewer/static/words.spans.en.js";
import zh from "../../otel_steps/viewer/static/words.task.zh.js";
import whyEn from "../../otel_steps/viewer/static/words.why.en.js";
import whyZh from "../../otel_steps/viewer/static/words.why.zh.js";

const VIEW = new URL("../../otel_steps/viewer/static/task/", import.meta.url);
const placesOf = (text) => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort();

test("both languages have the same words with the same places", () => {
  for (const [english, chinese] of [[en, zh], [whyEn, whyZh], [exportEn, exportZh]]) {
    assert.deepEqual(Object.keys(chinese).sort(), Object.keys(english).sort());
    for (const key of Object.keys(english)) assert.deepEqual(placesOf(chinese[key]), placesOf(english[key]), key);
  }
});

test("every word that the task view asks for by name is there", async () => {
  for (const file of await readdir(VIEW)) {
    const source = await readFile(new URL(file, VIEW), "utf8");
    for (const [, key] of source.matchAll(/\bt\("([\w.]+)"/g)) assert.ok(key in en || key in spans || key in whyEn || key in exportEn, `${file}: ${key}`);
  }
});

test("every key of the help sheet has its words", () => {
  for (const [, command] of KEYS) assert.ok(`task.key.${command}` in en, command);
});
