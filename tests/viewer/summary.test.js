import assert from "node:assert/strict";
import { test } from "node:test";

import { summed } from "../../otel_steps/viewer/static/list/summary.js";

const COUNTS = { completed: { tasks: 3, steps: 30 }, failed: { tasks: 1, steps: 4 }, running: { tasks: 2, steps: 5 }, unknown: { tasks: 1, steps: 1 } };

test("all statuses count where none is asked for; who runs has no outcome yet", () => {
  const { tasks, steps, share } = summed(COUNTS, []);

  assert.deepEqual({ tasks, steps, share }, { tasks: 7, steps: 40, share: 0.75 });
});

test("the statuses that are asked for are summed up, without a share of themselves", () => {
  const { tasks, steps, share, shown } = summed(COUNTS, ["failed", "cancelled"]);

  assert.deepEqual({ tasks, steps, share }, { tasks: 1, steps: 4, share: null });
  assert.deepEqual(Object.keys(shown), ["failed"]);
});

test("of nothing, or of what runs alone, there is no share", () => {
  assert.deepEqual(summed({}, []), { tasks: 0, steps: 0, share: null, shown: {} });
  assert.equal(summed({ running: { tasks: 2, steps: 5 } }, []).share, null);
});
