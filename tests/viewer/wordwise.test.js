import assert from "node:assert/strict";
import { test } from "node:test";

import { differenceOf, wordsOf } from "../../otel_steps/viewer/static/compare/wordwise.js";

const short = (pieces) => pieces.map(({ kind, text }) => (kind === "same" ? text : `[${kind}:${text}]`)).join("");

test("words that differ stand beside each other", () => {
  assert.equal(short(differenceOf("I tap the send button.", "I press the send button.")), "I [a:tap][b:press] the send button.");
  assert.equal(short(differenceOf("one two three", "one three four")), "one [a:two ]three[b: four]");
});

test("Chinese differs by words, not by sentences", () => {
  assert.equal(short(differenceOf("我需要点击发送按钮", "我需要点击返回按钮")), "我需要点击[a:发送][b:返回]按钮");
});

test("what is left of each text is that text", () => {
  const [one, other] = ["打开 WeChat，然后 tap 发送。\n\nDone?", "打开微信，然后 press 发送。\n\nDone!"];
  const pieces = differenceOf(one, other);

  for (const [kind, text] of [["a", one], ["b", other]]) {
    assert.equal(pieces.filter((piece) => piece.kind === "same" || piece.kind === kind).map((piece) => piece.text).join(""), text);
  }
});

test("a space between changes changes with them", () => {
  assert.equal(short(differenceOf("now go left side and wait here", "now run right side and wait here")), "now [a:go left][b:run right] side and wait here");
});

test("texts with little in common, and endless ones, are not mixed", () => {
  assert.equal(differenceOf("I tap the button", "我需要等待一下"), null);
  assert.equal(differenceOf("a ".repeat(3000), "b ".repeat(3000)), null);
  assert.equal(short(differenceOf("same", "same")), "same");
});

test("no word is lost where the browser cannot tell words", () => {
  const { Segmenter } = Intl;
  delete Intl.Segmenter;
  try {
    assert.deepEqual(wordsOf("我 tap, 好"), ["我", " ", "tap", ",", " ", "好"]);
  } finally {
    Intl.Segmenter = Segmenter;
  }
});
