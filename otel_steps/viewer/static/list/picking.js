// Tasks picked for something that is done with many: one by one, or from one to another.

import { useCallback, useRef, useState } from "../lib.js";

/** @typedef {{picked: Set<string> | null, pick: (id: string, isRange?: boolean) => void, set: (picked: Set<string> | null) => void}} Picking `picked` is null while nobody picks. */

/** @param {{task_id: string}[]} tasks In the order of the list. @returns {Picking} */
export function usePicking(tasks) {
  const [picked, set] = useState(/** @type {Set<string> | null} */ (null));
  const last = useRef("");
  const pick = useCallback(
    (/** @type {string} */ id, isRange = false) => {
      const ids = tasks.map(({ task_id }) => task_id);
      const from = isRange ? last.current : id;
      last.current = id;
      set((now) => pickedWith(now ?? new Set(), rangeOf(ids, from, id)));
    },
    [tasks],
  );
  return { picked, pick, set };
}

/** All of *ids* are as the last one becomes. @param {Set<string>} picked @param {string[]} ids */
export function pickedWith(picked, ids) {
  const next = new Set(picked);
  const isOn = !picked.has(ids[ids.length - 1]);
  for (const id of ids) {
    if (isOn) next.add(id);
    else next.delete(id);
  }
  return next;
}

/** The ids from one to another, in this direction; the other alone where the first is not there.
 * @param {string[]} ids @param {string} from @param {string} to */
export function rangeOf(ids, from, to) {
  const [start, end] = [ids.indexOf(from), ids.indexOf(to)];
  if (start < 0 || end < 0) return [to];
  return start <= end ? ids.slice(start, end + 1) : ids.slice(end, start + 1).reverse();
}
