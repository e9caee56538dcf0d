import assert from "node:assert/strict";
import { test } from "node:test";

import { fileName, pictureCounter } from "../../otel_steps/viewer/static/task/arriving.js";

const bytes = (text) => new TextEncoder().encode(text);

test("pictures are counted wherever a file is cut into pieces", () => {
  const text = `<x data-picture="a">ddata-picture="b" 微信 data-pictur data-picture="c"`;
  for (let size = 1; size < text.length; size++) {
    const counted = pictureCounter();
    let count = 0;
    const all = bytes(text);
    for (let at = 0; at < all.length; at += size) count = counted(all.slice(at, at + size));
    assert.equal(count, 3, `pieces of ${size}`);
  }
});

test("a file has the name that the server gives it, and one where it gives none", () => {
  assert.equal(fileName("attachment; filename*=UTF-8''2026-11-25%20%E6%89%93%E5%BC%80%20failed.html"), "2026-11-25 打开 failed.html");
  for (const none of [null, "", "attachment", "attachment; filename*=UTF-8''%E6%E6"]) assert.equal(fileName(none), "task.html");
});
