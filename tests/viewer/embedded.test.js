import assert from "node:assert/strict";
import { test } from "node:test";

import { EmbeddedSource } from "../../otel_steps/viewer/static/embedded.js";

const step = (id, values) => ({ step: { id, span_id: `span-${id}`, ...values }, screenshot: null });
const DATA = {
  task: { task_id: "t" },
  usage: null,
  why: null,
  index: { id: ["1", "2", "3"] },
  steps: {
    1: step("1", { thinking: "点击发送按钮", app: "微信" }),
    2: step("2", { action: { action: "Type", text: "100%_sure" }, action_result: null }),
    3: step("3", { error_message: "App NOT found" }),
  },
  spans: [
    { span_id: "a", parent_span_id: "span-1" },
    { span_id: "b", parent_span_id: "a" },
    { span_id: "c", parent_span_id: "span-2" },
    { span_id: "d", parent_span_id: "d" },
  ],
};
const PAGE = { querySelector: (selector) => (selector.includes("abc") ? { textContent: btoa("picture") } : null) };
const source = () => new EmbeddedSource(DATA, PAGE);

test("the page answers as a server does", async () => {
  assert.deepEqual(await source().task(), { task: DATA.task, usage: null, why: null });
  assert.deepEqual(await source().index(), DATA.index);
  assert.deepEqual(await source().step("t", "2"), DATA.steps[2]);
  assert.equal((await source().health()).trace_url, null);
});

test("text is found in every column, whatever its case, and literally", async () => {
  const found = async (text) => (await source().search("t", text)).ids;

  assert.deepEqual(await found("发送"), ["1"]);
  assert.deepEqual(await found("not found"), ["3"]);
  assert.deepEqual([await found("0%_s"), await found("0_%"), await found("微信")], [["2"], [], ["1"]]);
});

test("the spans of a step are those below it, and a circle is below nothing", async () => {
  const below = async (id) => (await source().spans("t", id)).spans.map((span) => span.span_id);

  assert.deepEqual([await below("1"), await below("2"), await below("3")], [["a", "b"], ["c"], []]);
  assert.equal((await source().spans("t")).spans.length, 4);
});

test("a picture becomes an address once, and one that is not there has none", async () => {
  const pictures = source();

  const url = pictures.imageUrl("abc");

  assert.equal(await (await fetch(url)).text(), "picture");
  assert.equal(pictures.imageUrl("abc", 120), url);
  assert.equal(pictures.imageUrl("def"), "");
});
