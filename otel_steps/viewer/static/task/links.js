// Links from a task to elsewhere: other backends by trace id, files, another task to compare with. Pure.

/**
 * @param {string | null | undefined} template With `{trace_id}` and perhaps `{span_id}`.
 * @param {{trace_id?: string | null, span_id?: string | null}} ids
 * @returns {string | null} null without a trace, and for anything but a web address: the template is configuration,
 *   and a link that runs a script is not one.
 */
export function traceLink(template, { trace_id, span_id }) {
  if (!template || !trace_id || !/^https?:\/\//i.test(template)) return null;
  return template
    .replaceAll("{trace_id}", encodeURIComponent(trace_id))
    .replaceAll("{span_id}", encodeURIComponent(span_id ?? ""));
}

/** @param {string} one @param {string} other */
export const compareLink = (one, other) => `compare?a=${encodeURIComponent(one)}&b=${encodeURIComponent(other)}`;

export const EXPORTS = ["html", "json", "otlp.json", "atif.json"];
