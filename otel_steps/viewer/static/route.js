// Which view an address asks for. Pure.

/**
 * @typedef {object} Route
 * @property {"list" | "task" | "compare"} view
 * @property {string} taskId Of the task view.
 * @property {string} query As in the address, without its question mark.
 * @property {boolean} isKnown False where the path is none of ours: the list is shown then.
 */

/** @param {string} href Path and query. @returns {Route} */
export function routeOf(href) {
  const [path, query = ""] = href.split("?");
  const [, first, second] = path.split("/");
  if (first === "t" && second) return { view: "task", taskId: decoded(second), query, isKnown: true };
  if (first === "compare") return { view: "compare", taskId: "", query, isKnown: true };
  return { view: "list", taskId: "", query, isKnown: first === "" };
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

/** @param {string} id @param {number | null} [step] */
export const taskLink = (id, step) => `/t/${segmentOf(id)}${step == null ? "" : `#s=${step}`}`;
