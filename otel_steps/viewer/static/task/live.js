// Keeps the view in step with a task that still runs.

import { useEffect } from "../lib.js";
import { arrived } from "./commands.js";

/** @typedef {import("./bodies.js").Kit} Kit */

/** @param {Kit} kit */
export function useLive({ source, session, taskId }) {
  useEffect(() => {
    // A task of which only steps are known so far has no status yet.
    if (!["running", null].includes(session.state.task.status) || !source.live) return undefined;
    let isWanted = true;
    const refetch = async () => {
      const index = await source.index(taskId);
      if (isWanted) session.set(arrived(session.state, { ...index, from: 0 }));
    };
    session.set({ isLive: true });
    const handlers = {
      index: (/** @type {any} */ tail) => session.set(arrived(session.state, tail)),
      task: (/** @type {any} */ task) => session.set({ task: task.task ?? task }),
      end: () => session.set({ isLive: false }),
      // What is shown stays where the server cannot be reached; the connection reports when it is back.
      reset: () => void refetch().catch(() => undefined),
    };
    const stop = source.live(taskId, handlers, () => session.state.index.version);
    return () => {
      isWanted = false;
      stop();
    };
  }, [source, session, taskId]);
}
