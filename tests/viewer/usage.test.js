import assert from "node:assert/strict";
import { before, test } from "node:test";

import { learn } from "../../otel_steps/viewer/static/i18n.js";
import { costHint, costText, inAndOut, tokensText } from "../../otel_steps/viewer/static/usage.js";

const usage = (values = {}) => ({
  steps: 1, input_tokens: 13120, output_tokens: 74, cached_tokens: null, cost: null, unpriced: [], prices_date: "2026-11-28", ...values,
});

before(() => learn("usage"));

test("tokens are told as far as they are known", () => {
  assert.equal(tokensText(usage()), "13.2K tokens");
  assert.equal(inAndOut(usage()), "13,120 in · 74 out");
  assert.equal(inAndOut(usage({ cached_tokens: 0 })), "13,120 in (0 cached) · 74 out");
  assert.equal(inAndOut(usage({ input_tokens: null })), "74 out");
});

test("each currency has its sum, and what has no price no number", () => {
  const cost = [{ currency: "CNY", amount: 7 }, { currency: "USD", amount: 0.00123 }];
  assert.equal(costText(usage({ cost })), "CN¥7.00 + $0.0012");
  assert.equal(costText(usage({ cost: [cost[0]], unpriced: ["m"] })), "CN¥7.00 + price unknown");
  assert.equal(costText(usage({ unpriced: ["m"] })), "price unknown");
  assert.equal(costText(usage({ cost: [{ currency: "USD", amount: 0 }] })), "$0.00");
});

test("the date of the prices and the models without one are told", () => {
  assert.equal(costHint(usage()), "Estimated by prices of 2026-11-28");
  assert.match(costHint(usage({ unpriced: ["m", null] })), /costs: m, a model without a name$/);
});
