// Tasks that did not end well, by why, or by what is odd about their steps. Pure.

/** @typedef {import("../list/tasks.js").Task} Task */
/** @typedef {{key: string, kind: string, detail: string, tasks: Task[]}} Cause */

const NOT_CLEAR = "not_clear";

/**
 * Equal causes together, the most frequent first; what is not clear comes last, it is no one cause.
 * @param {Task[]} tasks @returns {Cause[]}
 */
export function byCause(tasks) {
  const found = grouped(tasks, ({ why }) => [!why || why.kind === NOT_CLEAR ? NOT_CLEAR : why.fingerprint]);
  return found.sort((one, other) => Number(one.kind === NOT_CLEAR) - Number(other.kind === NOT_CLEAR) || other.tasks.length - one.tasks.length);
}

/** A task stands with each of its flags; those without any come last. @param {Task[]} tasks @returns {Cause[]} */
export function byFlag(tasks) {
  const found = grouped(tasks, (task) => {
    const flags = Object.keys(task.flags ?? {});
    return flags.length > 0 ? flags : [""];
  });
  return found.sort((one, other) => Number(one.kind === "") - Number(other.kind === "") || other.tasks.length - one.tasks.length);
}

/** @param {Task[]} tasks @param {(task: Task) => string[]} keysOf @returns {Cause[]} */
function grouped(tasks, keysOf) {
  /** @type {Map<string, Cause>} */
  const found = new Map();
  for (const task of tasks) {
    for (const key of keysOf(task)) {
      const [kind, ...more] = key.split("/");
      const cause = found.get(key) ?? { key, kind, detail: more.join(" · "), tasks: [] };
      found.set(key, cause);
      cause.tasks.push(task);
    }
  }
  return [...found.values()];
}
