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

/** @param {string} text */
function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** @param {string} id @param {number | null} [step] */
export const taskLink = (id, step) => `/t/${encodeURIComponent(id)}${step == null ? "" : `#s=${step}`}`;
