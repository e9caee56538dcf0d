// Which view an address asks for. Pure.

/**
 * @typedef {object} Route
 * @property {"list" | "task" | "compare" | "stats"} view
 * @property {string} taskId Of the task view.
 * @property {string} query As in the address, without its question mark.
 * @property {boolean} isKnown False where the path is none of ours: the list is shown then.
 */

/** @param {string} href Path and query, below whatever path we are. @returns {Route} */
export function routeOf(href) {
  const [path, query = ""] = href.split("?");
  const [isKnown, id, name] = path.match(/\/(?:t\/([^/]+)|(compare|stats))?$/) ?? [];
  return { view: id ? "task" : /** @type {Route["view"]} */ (name ?? "list"), taskId: decoded(id ?? ""), query, isKnown: !!isKnown };
}

/**
 * The segment of a path that stands for a task's id.
 *
 * Of `.` and `..` browsers make other paths, encoded or not; no encoded id ends so.
 * @param {string} id
 */
export const segmentOf = (id) => (/^\.{1,2}$/.test(id) ? `${id};` : encodeURIComponent(id));

/** @param {string} text */
function decoded(text) {
  try {
    return decodeURIComponent(text.replace(/^(\.{1,2});$/, "$1"));
  } catch {
    return text;
  }
}

/** @param {string} id @param {number | null} [step] @param {string} [word] What its steps are looked through for. */
export function taskLink(id, step, word) {
  const said = [step == null ? "" : `s=${step}`, word ? `q=${encodeURIComponent(word)}` : ""].filter(Boolean);
  return `t/${segmentOf(id)}${said.length > 0 ? `#${said.join("&")}` : ""}`;
}
