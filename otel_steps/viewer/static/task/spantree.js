// All spans of a task as a tree: what is below what, what is folded, and what the whole had to wait for. Pure.

/**
 * Columns of all spans, steps first; `parent` is a position, and so is what this module calls a node.
 * @typedef {object} Nodes
 * @property {string[]} step_ids Ids of the steps, which are the first nodes.
 * @property {string[]} traces
 * @property {number[]} trace Position in `traces`.
 * @property {string[]} span_id
 * @property {(string | null)[]} name
 * @property {(number | null)[]} parent
 * @property {number[]} start_ms
 * @property {(number | null)[]} duration_ms
 * @property {boolean[]} is_error
 */
/** @typedef {{node: number, depth: number, hasChildren: boolean}} Row */
/** @typedef {[from: number, to: number]} Stretch Milliseconds. */
/**
 * @typedef {object} Tree
 * @property {Nodes} nodes
 * @property {Row[]} rows All of them, parents before children, each level by time.
 * @property {number[]} next Of each row: the position of the first row that is not below it.
 * @property {number[]} end Of each node, in ms.
 * @property {(number | null)[]} step Of each node: the step that it is, or is below.
 * @property {number} whole
 */

// Durations are whole milliseconds: what began that little before the end of another came after it.
const ROUNDING_MS = 1;

/** @param {Nodes} nodes @returns {Tree} */
export function treeOf(nodes) {
  const count = nodes.start_ms.length;
  const end = nodes.start_ms.map((start, node) => start + (nodes.duration_ms[node] ?? 0));
  const children = childrenOf(nodes);
  /** @type {Row[]} */
  const rows = [];
  /** @type {number[]} */
  const next = [];
  /** @type {(number | null)[]} */
  const step = Array(count).fill(null);
  // Spans are nested as deep as a program calls: no recursion. A negative entry ends what began with it.
  const waiting = [...children.top].reverse().map((node) => ({ node, depth: 0, row: -1 }));
  while (waiting.length > 0) {
    const { node, depth, row } = /** @type {{node: number, depth: number, row: number}} */ (waiting.pop());
    if (row >= 0) {
      next[row] = rows.length;
      continue;
    }
    const below = children.of.get(node) ?? [];
    step[node] = node < nodes.step_ids.length ? node : nodes.parent[node] === null ? null : step[Number(nodes.parent[node])];
    rows.push({ node, depth, hasChildren: below.length > 0 });
    waiting.push({ node, depth, row: rows.length - 1 });
    for (const child of [...below].reverse()) waiting.push({ node: child, depth: depth + 1, row: -1 });
  }
  return { nodes, rows, next, end, step, whole: end.reduce((most, at) => Math.max(most, at), 1) };
}

/** @param {Nodes} nodes */
function childrenOf({ parent, start_ms }) {
  /** @type {Map<number, number[]>} */
  const of = new Map();
  /** @type {number[]} */
  const top = [];
  const order = parent.map((_, node) => node).sort((one, other) => start_ms[one] - start_ms[other] || one - other);
  for (const node of order) {
    const above = parent[node];
    if (above === null) top.push(node);
    else if (of.has(above)) of.get(above)?.push(node);
    else of.set(above, [node]);
  }
  return { of, top };
}

/** The rows that are seen while those of some nodes are folded. @param {Tree} tree @param {Set<number>} folded @returns {Row[]} */
export function seenRows({ rows, next }, folded) {
  const seen = [];
  for (let at = 0; at < rows.length; at = folded.has(rows[at].node) ? next[at] : at + 1) seen.push(rows[at]);
  return seen;
}

/**
 * What the task had to wait for: from its end backwards, always what ended last before, and of it again what ended last.
 * What runs beside that, and ends later than what came next began, held nobody up.
 * @param {Tree} tree @returns {Map<number, Stretch[]>} Of each node on the way, when it was the one waited for.
 */
export function criticalPath({ nodes, end, whole }) {
  const { of, top } = childrenOf(nodes);
  /** @type {Map<number, Stretch[]>} */
  const path = new Map();
  const waiting = [{ node: -1, until: whole }];
  while (waiting.length > 0) {
    const { node, until } = /** @type {{node: number, until: number}} */ (waiting.pop());
    const begin = node < 0 ? 0 : nodes.start_ms[node];
    let cursor = until;
    /** @type {Stretch[]} */
    const own = [];
    const below = [...((node < 0 ? top : of.get(node)) ?? [])].sort((one, other) => end[other] - end[one]);
    for (const child of below) {
      // A child may outlive its parent: what is waited for ends with the parent.
      const last = cursor === until ? Math.min(end[child], until) : end[child];
      const from = Math.max(nodes.start_ms[child], begin);
      if (last > cursor + ROUNDING_MS || from >= cursor) continue;
      if (last < cursor) own.unshift([last, cursor]);
      waiting.push({ node: child, until: Math.min(last, cursor) });
      cursor = from;
    }
    if (cursor > begin) own.unshift([begin, cursor]);
    if (node >= 0) path.set(node, own);
  }
  return path;
}

/** Round times to write above a stretch, at most some. @param {Stretch} stretch @param {number} most @returns {number[]} */
export function ticksOf([from, to], most) {
  const least = (to - from) / most;
  const power = 10 ** Math.floor(Math.log10(Math.max(least, 1e-3)));
  const width = [1, 2, 5, 10].map((factor) => factor * power).find((each) => each >= least) ?? least;
  const ticks = [];
  for (let at = Math.ceil(from / width) * width; at <= to; at += width) ticks.push(at);
  return ticks;
}
