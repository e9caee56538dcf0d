import assert from "node:assert/strict";
import { test } from "node:test";

import { KEYS, commandOf } from "../../otel_steps/viewer/static/task/keys.js";

/** What the browser gives: a key, and an element that says which selectors it matches. */
const press = (key, more = {}, element = "") =>
  commandOf({ key, target: { matches: (selector) => element !== "" && selector.includes(element) }, ...more });

test("every key of the help sheet does what it says", () => {
  for (const [keys, command] of KEYS) {
    for (const each of keys) {
      const shiftKey = each.startsWith("Shift+");
      assert.equal(press(each.replace("Shift+", ""), { shiftKey }), command);
    }
  }
});

test("Tab and keys with Ctrl, Alt or Meta stay the browser's", () => {
  assert.deepEqual([press("Tab"), press("f", { ctrlKey: true }), press("c", { metaKey: true }), press("ArrowLeft", { altKey: true })], [null, null, null, null]);
});

test("keys do nothing while an input method composes", () => {
  assert.deepEqual([press("j", { isComposing: true }), press("j", { keyCode: 229 })], [null, null]);
});

test("fields keep their keys", () => {
  assert.deepEqual(["textarea", "select", "contenteditable", "input:not"].map((element) => press("j", {}, element)), [null, null, null, null]);
});

test("a button keeps Space but not the letters", () => {
  assert.deepEqual([press(" ", {}, "button"), press("j", {}, "button")], [null, "next"]);
});

test("a slider keeps its arrows", () => {
  assert.deepEqual([press("ArrowLeft", {}, "[type=range]:not"), press("End", {}, "[type=range]:not"), press("j", {}, "[type=range]:not")], [null, null, "next"]);
});

test("caps lock is no Shift, and a question mark needs none", () => {
  assert.deepEqual([press("J"), press("?", { shiftKey: true })], ["next", "help"]);
});
