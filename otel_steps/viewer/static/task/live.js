// Keeps the view in step with a task that still runs.

import { useEffect } from "../lib.js";

/** @typedef {import("./bodies.js").Kit} Kit */

const RETRY_MS = 2000;

/** A task of which only steps are known so far has no status yet. @param {any} task */
export const isOpen = (task) => ["running", null].includes(task.status);

/** @param {Kit} kit */
export function useLive(kit) {
  useEffect(() => {
    if (!isOpen(kit.session.state.task) || !kit.source.live) return undefined;
    let [isWanted, timer, stop] = [true, 0, () => {}];
    const start = () => {
      import("./watch.js").then(
        ({ watch }) => {
          if (isWanted) stop = watch(kit);
        },
        () => {
          if (isWanted) timer = setTimeout(start, RETRY_MS);
        },
      );
    };
    start();
    return () => {
      isWanted = false;
      clearTimeout(timer);
      stop();
    };
  }, [kit]);
}
