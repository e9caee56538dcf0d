// A task's index for the tests: steps by what is special about each.

const PLAIN = {
  type: "action",
  status: "completed",
  success: true,
  error_kind: null,
  duration_ms: 1000,
  action: "Tap",
  kind: undefined,
  app: "WeChat",
  label: null,
  picture: null,
  after: null,
  width: 1080,
  height: 2400,
  sensitive: false,
  black: false,
  phash: null,
  x: 500,
  y: 500,
  x2: null,
  y2: null,
  timings: null,
  flags: [],
};

// As the server tells it of these names; a test that is about others says it itself.
const kindOf = (action) => action?.toLowerCase().replace(/[ -]/g, "_") ?? null;

/** @param {object[]} steps @param {string} [version] */
export function indexOf(steps, version = "1") {
  const rows = steps.map((step, at) => ({
    id: `step-${at + 1}`,
    number: at + 1,
    start_ms: at * 1000,
    ...PLAIN,
    picture: `picture-${at + 1}`,
    ...step,
    kind: step.kind ?? kindOf(step.action === undefined ? PLAIN.action : step.action),
  }));
  const columns = Object.keys({ id: 0, number: 0, start_ms: 0, ...PLAIN });
  const index = { task_id: "task", count: rows.length, version };
  for (const name of columns) index[name] = rows.map((row) => row[name]);
  return index;
}

/** @param {number} count */
export const plainSteps = (count) => indexOf(Array.from({ length: count }, () => ({})));
