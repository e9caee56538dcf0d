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

/** @param {string} one @param {string} other @param {[number, number][]} [pins] Numbers of steps to put side by side. */
export const compareLink = (one, other, pins = []) =>
  `compare?a=${encodeURIComponent(one)}&b=${encodeURIComponent(other)}${pins.map((pin) => `&pin=${pin.join("-")}`).join("")}`;

/** All runs of what a task was asked. @param {string} id */
export const runsLink = (id) => `compare?a=${encodeURIComponent(id)}`;

/** One page of some tasks, to read and to print. @param {string[]} ids @param {string} language */
export const reportLink = (ids, language) => `report?${new URLSearchParams([...ids.map((id) => ["task", id]), ["language", language]])}`;
