// When the parts of a step and the spans below it were. Pure.

/** @typedef {{name: string, start: number, ms: number}} Part Milliseconds since the step began. */
/** @typedef {{span: any, depth: number, start: number, ms: number}} Row */

/**
 * Milliseconds since 1970 of a row's time, with its microseconds, which `Date` drops.
 * @param {string | null | undefined} text ISO 8601.
 */
export function momentOf(text) {
  if (!text) return Number.NaN;
  const micros = /\.\d{3}(\d{1,6})/.exec(text)?.[1];
  return Date.parse(text) + (micros ? Number(`0.${micros}`) : 0);
}

/**
 * The parts of a step's time one after the other: the picture, the model until its first word, its thinking, the rest
 * of its answer, the action, and what nobody measured.
 * @param {Record<string, number> | null | undefined} timings @param {number | null | undefined} whole
 * @returns {Part[]}
 */
export function partsOf(timings, whole) {
  const { screenshot_ms = 0, ttft_ms = 0, thinking_ms = 0, model_ms = 0, action_ms = 0 } = timings ?? {};
  // `thinking_ms` counts from the request to the end of the thinking, as `ttft_ms` does to the first word.
  const first = Math.min(ttft_ms, model_ms || ttft_ms);
  const thinking = Math.max(Math.min(thinking_ms, model_ms || thinking_ms) - first, 0);
  const answer = Math.max(model_ms - first - thinking, 0);
  const parts = { screenshot: screenshot_ms, ttft: first, thinking, answer, action: action_ms };
  const known = Object.values(parts).reduce((sum, ms) => sum + ms, 0);
  let start = 0;
  return Object.entries({ ...parts, other: Math.max((whole ?? 0) - known, 0) })
    .map(([name, ms]) => {
      const part = { name, start, ms };
      start += ms;
      return part;
    })
    .filter((part) => part.ms > 0);
}

/**
 * The spans below a step as rows: parents before children, each level by time.
 * @param {any[]} spans @param {string} root Span id of the step. @param {number} begin Moment at which it began.
 * @returns {Row[]}
 */
export function rowsOf(spans, root, begin) {
  const ids = new Set(spans.map((span) => span.span_id));
  /** @type {Map<string, any[]>} */
  const children = new Map();
  for (const span of [...spans].sort((one, other) => momentOf(one.started_at) - momentOf(other.started_at))) {
    // A span whose parent never came hangs from the step.
    const parent = ids.has(span.parent_span_id) ? span.parent_span_id : root;
    children.set(parent, [...(children.get(parent) ?? []), span]);
  }
  /** @type {Row[]} */
  const rows = [];
  const add = (/** @type {string} */ parent, /** @type {number} */ depth) => {
    const own = children.get(parent) ?? [];
    children.delete(parent);
    for (const span of own) {
      rows.push({ span, depth, start: momentOf(span.started_at) - begin, ms: span.duration_ms ?? 0 });
      add(span.span_id, depth + 1);
    }
  };
  add(root, 0);
  return rows;
}
