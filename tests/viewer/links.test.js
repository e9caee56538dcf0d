import assert from "node:assert/strict";
import { test } from "node:test";

import { embedding, parsed, written } from "../../otel_steps/viewer/static/task/address.js";
import { compareLink, reportLink, runsLink, traceLink } from "../../otel_steps/viewer/static/task/links.js";

test("the address holds the step and the view", () => {
  const filter = { flag: "no_op", text: "a&b 微信" };
  assert.deepEqual(parsed(written(14, "slider", filter)), { number: 14, mode: "slider", isLive: false, ...filter });
  assert.equal(written(3, "pair", { flag: "", text: "" }), "#s=3&v=pair");
  assert.deepEqual(parsed(written(null, "single", filter)), { number: null, mode: "single", isLive: true, ...filter });
});

test("an address that says nothing, or nonsense, is no error", () => {
  const nothing = { number: null, mode: null, isLive: false, flag: "", text: "" };
  assert.deepEqual([parsed(""), parsed("#s=x&v=<b>")], [nothing, nothing]);
});

test("a page can be embedded as a player, and play by itself", () => {
  assert.deepEqual(embedding("?player=1&autoplay=1"), { isEmbedded: true, isAutoplaying: true });
  assert.deepEqual(embedding(""), { isEmbedded: false, isAutoplaying: false });
});

test("a link to another backend takes the ids", () => {
  const ids = { trace_id: "abc", span_id: "d/f" };

  assert.equal(traceLink("https://jaeger.example/trace/{trace_id}?uiFind={span_id}", ids), "https://jaeger.example/trace/abc?uiFind=d%2Ff");
  assert.equal(traceLink("http://x.example/{trace_id}/{span_id}", { trace_id: "abc" }), "http://x.example/abc/");
});

test("no trace, no template, or a template that is no web address: no link", () => {
  const ids = { trace_id: "abc" };

  assert.deepEqual([traceLink(null, ids), traceLink("https://x.example/{trace_id}", {}), traceLink("javascript:alert(1)//{trace_id}", ids)], [null, null, null]);
});

test("ids in links are escaped", () => {
  assert.equal(compareLink("a&b", "c d"), "compare?a=a%26b&b=c%20d");
  assert.equal(compareLink("a", "b", [[1, 2], [3, 4]]), "compare?a=a&b=b&pin=1-2&pin=3-4");
  assert.equal(runsLink("a&b"), "compare?a=a%26b");
});

test("a report may be of several tasks, whatever their ids", () => {
  assert.equal(reportLink(["a&b", "二/3"], "zh"), "report?task=a%26b&task=%E4%BA%8C%2F3&language=zh");
});
