import assert from "node:assert/strict";
import { test } from "node:test";

import { writtenAs } from "../../otel_steps/viewer/static/task/script.js";

const adb = (action) => writtenAs("adb", action, 1080, 2400);
const python = (action) => writtenAs("python", action, null, null);

test("points become pixels of the phone", () => {
  assert.equal(adb({ action: "Tap", element: [500, 250] }), "adb shell input tap 540 600");
  assert.equal(adb({ action: "Double Tap", element: [500, 250] }), "adb shell input tap 540 600 && adb shell input tap 540 600");
  assert.equal(adb({ action: "Long Press", element: [500, 250] }), "adb shell input swipe 540 600 540 600 3000");
  assert.equal(adb({ action: "Swipe", start: [500, 800], end: [500, 300] }), "adb shell input swipe 540 1920 540 720 500");
});

test("text of any script cannot end the command it stands in", () => {
  const line = adb({ action: "Type", text: "你好'; rm -rf /" });

  assert.match(line, /--es msg [A-Za-z0-9+/=]+$/);
  assert.equal(Buffer.from(line.split(" ").at(-1), "base64").toString(), "你好'; rm -rf /");
  assert.equal(adb({ action: "Type_Name", text: 3 }), null);
});

test("keys and waits have their lines", () => {
  assert.deepEqual(
    [adb({ action: "Back" }), adb({ action: "Home" }), adb({ action: "Wait", duration: "2.5 seconds" }), adb({ action: "Wait" })],
    ["adb shell input keyevent KEYCODE_BACK", "adb shell input keyevent KEYCODE_HOME", "sleep 2.5", null],
  );
});

test("what adb cannot do has no line", () => {
  assert.deepEqual(
    [adb({ action: "Launch", app: "微信" }), adb(null), adb("Tap"), adb({ action: "Tap", element: "500,1" }), adb({ action: "Tap", element: ["a", 1] }), writtenAs("adb", { action: "Tap", element: [1, 1] }, null, null)],
    [null, null, null, null, null, null],
  );
});

test("a call for Python is the one that the agent's handler takes", () => {
  assert.equal(python({ _metadata: "do", action: "Tap", element: [5, 6] }), 'do(action="Tap", element=[5, 6])');
  assert.equal(python({ _metadata: "finish", message: 'so "it" is' }), 'finish(message="so \\"it\\" is")');
});

test("other actions become Python data", () => {
  assert.equal(python({ type: "click", deep: { ok: true, no: false }, none: null }), '{"type": "click", "deep": {"ok": True, "no": False}, "none": None}');
  assert.deepEqual([python(null), python([1]), python("x")], [null, null, null]);
});

test("as JSON an action is what it is", () => {
  assert.deepEqual(JSON.parse(writtenAs("json", { action: "Back" }, null, null)), { action: "Back" });
});
