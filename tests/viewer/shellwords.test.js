import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { test } from "node:test";

import { ICON_NAMES } from "../../otel_steps/viewer/static/icons.js";
import { SORTS, STATUSES, AGES, MENUS } from "../../otel_steps/viewer/static/list/query.js";
import { STATUS_ICONS } from "../../otel_steps/viewer/static/status.js";
import compareEn from "../../otel_steps/viewer/static/words.compare.en.js";
import compareZh from "../../otel_steps/viewer/static/words.compare.zh.js";
import en from "../../otel_steps/viewer/static/words.en.js";
import listEn from "../../otel_steps/viewer/static/words.list.en.js";
import listZh from "../../otel_steps/viewer/static/words.list.zh.js";
import spansEn from "../../otel_steps/viewer/static/words.spans.en.js";
import spansZh from "../../otel_steps/viewer/static/words.spans.zh.js";
import taskEn from "../../otel_steps/viewer/static/words.task.en.js";
import usageEn from "../../otel_steps/viewer/static/words.usage.en.js";
import usageZh from "../../otel_steps/viewer/static/words.usage.zh.js";
import zh from "../../otel_steps/viewer/static/words.zh.js";

const STATIC = new URL("../../otel_steps/viewer/static/", import.meta.url);
const placesOf = (text) => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort();

async function* sources() {
  for (const file of await readdir(STATIC, { recursive: true })) {
    if (/^(?!vendor).*\.js$/.test(file)) yield { file, text: await readFile(new URL(file, STATIC), "utf8") };
  }
}

for (const [part, one, other] of [["shell", en, zh], ["list", listEn, listZh], ["usage", usageEn, usageZh], ["compare", compareEn, compareZh], ["spans", spansEn, spansZh]]) {
  test(`${part}: both languages have the same words with the same places`, () => {
    assert.deepEqual(Object.keys(other), Object.keys(one));
    for (const key of Object.keys(one)) assert.deepEqual(placesOf(other[key]), placesOf(one[key]), key);
  });
}

test("every word that is asked for by name is there", async () => {
  for await (const { file, text } of sources()) {
    for (const [, key] of text.matchAll(/\bt\("((?:shell|list|compare|status|flag|duration|usage|spans)\.[\w.]+)"/g)) {
      assert.ok(key in en || key in listEn || key in usageEn || key in compareEn || key in spansEn, `${file}: ${key}`);
    }
  }
});

test("every status, order, age and menu has its words", () => {
  const keys = [
    ...STATUSES.map((name) => `status.${name}`),
    ...SORTS.map((name) => `list.sort.${name}`),
    ...Object.keys(AGES).map((age) => `list.since.${age}`),
    ...MENUS.map((name) => `list.${name}.all`),
  ];
  for (const key of keys) assert.ok(key in en || key in listEn, key);
});

test("a status and a flag have their words once, for all views", () => {
  for (const key of [...Object.keys(listEn), ...Object.keys(taskEn)]) assert.doesNotMatch(key, /\.(status|flag)\./);
  for (const key of Object.keys(en).filter((name) => /^flag\.\w+$/.test(name))) assert.ok(`${key}.hint` in en, key);
});

test("every icon that is asked for by name is drawn", async () => {
  const names = new Set(ICON_NAMES);
  for await (const { file, text } of sources()) {
    for (const [, name] of text.matchAll(/<\$\{Icon\} name="(\w+)"/g)) assert.ok(names.has(name), `${file}: ${name}`);
  }
  for (const name of Object.values(STATUS_ICONS)) assert.ok(names.has(name), name);
});
