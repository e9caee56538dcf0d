// What comes in from a task that still runs, taken over. Pure.

/** @typedef {import("./steps.js").Index} Index */

/**
 * Whether what came in can be taken over: it begins where the index has rows, and has a row for each step.
 * @param {Index} index @param {any} tail
 */
export function fits(index, tail) {
  const { from, count } = tail;
  if (!Number.isInteger(from) || !Number.isInteger(count) || from < 0 || from > index.count || count < from) return false;
  return Object.entries(tail).every(
    ([name, rows]) => !Array.isArray(rows) || rows.length === count - from || (name === "flags" && rows.length === count),
  );
}

/**
 * The index with what came in since: rows from `tail.from` on replace those that stood there.
 * Flags may come for all steps, since a loop is seen late, or for the tail.
 * @param {Index} index
 * @param {Partial<Index> & {from: number, count: number}} tail
 * @returns {Index}
 */
export function merged(index, tail) {
  /** @type {any} */
  const result = { ...index, count: tail.count, version: tail.version ?? index.version };
  for (const [name, rows] of Object.entries(tail)) {
    if (!Array.isArray(rows)) continue;
    const isWhole = name === "flags" && rows.length === tail.count;
    const before = isWhole ? [] : (/** @type {any} */ (index)[name] ?? []).slice(0, tail.from);
    result[name] = before.concat(rows);
  }
  return result;
}

/**
 * New rows arrive: a reader at the end goes along, everybody else stays and is told how many there are.
 * @param {import("./state.js").State} state @param {Parameters<typeof merged>[1]} tail @returns {Partial<import("./state.js").State>}
 */
export function arrived(state, tail) {
  const index = merged(state.index, tail);
  const added = Math.max(index.count - state.index.count, 0);
  const isAtEnd = state.position === state.index.count - 1 && !state.isPlaying;
  if (isAtEnd && added > 0) return { index, position: index.count - 1, phase: "action" };
  return { index, unseen: state.unseen + added };
}
