import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { test } from "node:test";

import keysEn from "../../otel_steps/viewer/static/words.keys.en.js";
import keysZh from "../../otel_steps/viewer/static/words.keys.zh.js";
import { KEYS as PAIR_KEYS } from "../../otel_steps/viewer/static/compare/pairs.js";
import { KEYS } from "../../otel_steps/viewer/static/task/keys.js";
import judgeEn from "../../otel_steps/viewer/static/words.judge.en.js";
import judgeZh from "../../otel_steps/viewer/static/words.judge.zh.js";
import healthEn from "../../otel_steps/viewer/static/words.health.en.js";
import healthZh from "../../otel_steps/viewer/static/words.health.zh.js";
import exportEn from "../../otel_steps/viewer/static/words.export.en.js";
import exportZh from "../../otel_steps/viewer/static/words.export.zh.js";
import reportEn from "../../otel_steps/viewer/static/words.report.en.js";
import reportZh from "../../otel_steps/viewer/static/words.report.zh.js";
import partsEn from "../../otel_steps/viewer/static/words.parts.en.js";
import partsZh from "../../otel_steps/viewer/static/words.parts.zh.js";
import shell from "../../otel_steps/viewer/static/words.en.js";
import en from "../../otel_steps/viewer/static/words.task.en.js";
import spans from "../../otel_steps/viewer/static/words.spans.en.js";
import zh from "../../otel_steps/viewer/static/words.task.zh.js";
import whyEn from "../../otel_steps/viewer/static/words.why.en.js";
import whyZh from "../../otel_steps/viewer/static/words.why.zh.js";

const VIEW = new URL("../../otel_steps/viewer/static/task/", import.meta.url);
const placesOf = (text) => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort();

for (const [part, one, other] of [["task", en, zh], ["parts", partsEn, partsZh], ["keys", keysEn, keysZh], ["why", whyEn, whyZh], ["export", exportEn, exportZh], ["judge", judgeEn, judgeZh], ["health", healthEn, healthZh], ["report", reportEn, reportZh]]) {
  test(`${part}: both languages have the same words with the same places`, () => {
    assert.deepEqual(Object.keys(other).sort(), Object.keys(one).sort());
    for (const key of Object.keys(one)) assert.deepEqual(placesOf(other[key]), placesOf(one[key]), key);
  });
}

test("every word that the task view asks for by name is there", async () => {
  for (const file of await readdir(VIEW)) {
    const source = await readFile(new URL(file, VIEW), "utf8");
    for (const [, key] of source.matchAll(/\bt\("([\w.]+)"/g)) assert.ok(key in en || key in partsEn || key in spans || key in whyEn || key in judgeEn || key in exportEn || key in shell, `${file}: ${key}`);
  }
});

test("every key of the help sheet has its words", () => {
  const words = { ...en, ...keysEn };
  for (const [, command] of KEYS) assert.ok(`task.key.${command}` in words, command);
  for (const move of Object.values(PAIR_KEYS)) assert.ok(`compare.key.${move}` in words, move);
});
