// What the index says about a step: the columns, and the few facts that every part of the view asks for.

/**
 * The columns of all steps of a task, in order; see `Store.index`.
 * @typedef {object} Index
 * @property {string} task_id
 * @property {number} count
 * @property {string} [version]
 * @property {string[]} id
 * @property {number[]} number
 * @property {string[]} type
 * @property {(string|null)[]} status
 * @property {(boolean|null)[]} success
 * @property {(string|null)[]} error_kind
 * @property {number[]} start_ms
 * @property {(number|null)[]} duration_ms
 * @property {(string|null)[]} action
 * @property {(string|null)[]} kind What the action is, whatever its agent calls it.
 * @property {(string|null)[]} app
 * @property {(string|null)[]} label
 * @property {(string|null)[]} picture
 * @property {(string|null)[]} after The step's own picture of what came of it.
 * @property {(number|null)[]} width
 * @property {(number|null)[]} height
 * @property {(boolean|null)[]} sensitive
 * @property {(boolean|null)[]} black
 * @property {(string|null)[]} phash
 * @property {(number|null)[]} [change_share] Which share of the picture (0-1) is not as in that of the step before.
 * @property {(number|null)[]} [after_share] The same of the step's own picture after its action.
 * @property {(number|null)[]} x
 * @property {(number|null)[]} y
 * @property {(number|null)[]} x2
 * @property {(number|null)[]} y2
 * @property {(boolean|null)[]} [is_guessed] Nothing but the numbers of a place tells what they count in.
 * @property {(Record<string, number>|null)[]} timings
 * @property {string[][]} [flags]
 * @property {(string[]|null)[]} [tags] What people say of it, as are the scores.
 * @property {({name: string, value?: number | null, label?: string | null}[]|null)[]} [scores]
 */

export const PLAIN = 0;
export const RUNNING = 1;
export const FLAGGED = 2;
export const FAILED = 3;

/** @param {Index} index @param {number} position */
export const flagsAt = (index, position) => index.flags?.[position] ?? [];

/** What people say of a step, in a few words. @param {Index} index @param {number} position */
export const saidAt = (index, position) =>
  [...(index.scores?.[position] ?? []).map(({ name, label, value }) => label ?? `${name} ${value ?? ""}`.trim()), ...(index.tags?.[position] ?? [])].join(", ");

/** @param {Index} index @param {number} position */
export const hasFailed = (index, position) => index.success[position] === false;

/** @param {Index} index @param {number} position */
export const isRunning = (index, position) => index.status[position] === "running";

/** What a step's action is, "" without one. @param {Index} index @param {number} position */
export const kindAt = (index, position) => index.kind[position] ?? "";

/** The worst that is to be said of a step. @param {Index} index @param {number} position */
export function severityAt(index, position) {
  if (hasFailed(index, position)) return FAILED;
  if (flagsAt(index, position).length > 0) return FLAGGED;
  return isRunning(index, position) ? RUNNING : PLAIN;
}

/**
 * How long a step took; a step that has not ended counts as 0 ms.
 * @param {Index} index @param {number} position
 */
export const durationAt = (index, position) => index.duration_ms[position] ?? 0;

/**
 * The picture after a step's action is its own or, where it has none, the one that its successor took.
 * @param {Index} index @param {number} position
 * @returns {string | null}
 */
export const pictureAfter = (index, position) => index.after[position] ?? index.picture[position + 1] ?? null;

/** The number of the step whose picture that is. @param {Index} index @param {number} position */
export const numberAfter = (index, position) => index.number[index.after[position] ? position : position + 1] ?? "";

/** Width by height of a step's picture; a common phone where nobody knows.
 * @param {Index} index @param {number} position */
export function ratioAt(index, position) {
  const width = index.width[position];
  const height = index.height[position];
  return width && height ? width / height : 9 / 20;
}

/**
 * The argument of a step's action in a few words: its text, or its coordinates.
 * @param {Index} index @param {number} position
 */
export function argumentAt(index, position) {
  const label = index.label[position];
  if (label) return label;
  const from = point(index.x[position], index.y[position]);
  const to = point(index.x2[position], index.y2[position]);
  return to ? `${from} → ${to}` : from;
}

/** @param {number | null} x @param {number | null} y */
function point(x, y) {
  return x == null || y == null ? "" : `${Math.round(x)}, ${Math.round(y)}`;
}
