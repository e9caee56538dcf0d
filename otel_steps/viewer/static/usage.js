// What was used of models, in words: tokens, and what they cost by the server's table of prices.

import { numberText, t } from "./i18n.js";

/**
 * @typedef {object} Usage What nobody has told is null; a cost is never made up, and never 0 for want of a price.
 * @property {number} steps
 * @property {number | null} input_tokens
 * @property {number | null} output_tokens
 * @property {number | null} cached_tokens Among those of the input.
 * @property {{currency: string, amount: number}[] | null} cost One sum for each currency.
 * @property {(string | null)[]} unpriced Models of which not all has a price.
 * @property {string} prices_date
 */

export const titleText = () => t("usage.title");

/** All tokens, in short. @param {Usage} usage */
export const tokensText = ({ input_tokens, output_tokens }) =>
  t("usage.tokens", { tokens: numberText((input_tokens ?? 0) + (output_tokens ?? 0), { notation: "compact", maximumFractionDigits: 1 }) });

/** What went in and came out, as far as it is known. @param {Usage} usage */
export function inAndOut({ input_tokens: tokens, output_tokens, cached_tokens: cached }) {
  const parts = [];
  if (tokens !== null) parts.push(cached === null ? t("usage.in", { tokens }) : t("usage.in.cached", { tokens, cached }));
  if (output_tokens !== null) parts.push(t("usage.out", { tokens: output_tokens }));
  return parts.join(" · ");
}

/** @param {{currency: string, amount: number}} sum */
export function amountText({ currency, amount }) {
  // Two digits that count, however little a step costs.
  const digits = amount > 0 && amount < 1 ? { minimumSignificantDigits: 2, maximumSignificantDigits: 2 } : {};
  return numberText(amount, { style: "currency", currency, ...digits });
}

/** @param {Usage} usage */
export const costText = ({ cost, unpriced }) =>
  [...(cost ?? []).map(amountText), ...(unpriced.length > 0 ? [t("usage.unknown")] : [])].join(" + ");

/** What is to be known of a cost. @param {Usage} usage */
export function costHint({ unpriced, prices_date: date }) {
  const models = unpriced.map((name) => name ?? t("usage.unnamed")).join(", ");
  return [t("usage.prices", { date }), ...(models ? [t("usage.unknown.hint", { models })] : [])].join("\n");
}
