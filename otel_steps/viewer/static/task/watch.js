// Takes over what a running task's stream tells.

import { arrived, fits } from "./arrival.js";
import { isOpen } from "./live.js";

/** @typedef {import("./bodies.js").Kit} Kit */

const RETRY_MS = 2000;

/** @param {Kit} kit @returns {() => void} stops it */
export function watch(kit) {
  const { source, session, taskId } = kit;
  const watched = new Watch(kit);
  session.set({ isLive: true });
  const stop = source.live(taskId, watched.handlers(), () => session.state.index.version);
  return () => {
    watched.stop();
    stop();
  };
}

/**
 * What comes in is taken over, and what cannot be is asked for anew: whatever goes wrong with one event, the
 * next one counts, and in the end the page shows what the store has.
 */
class Watch {
  /** @param {Kit} kit */
  constructor(kit) {
    this.kit = kit;
    this.isWanted = true;
    this.timer = 0;
  }

  stop() {
    this.isWanted = false;
    clearTimeout(this.timer);
  }

  handlers() {
    const { session } = this.kit;
    return {
      index: this.guarded((tail) => {
        if (!fits(session.state.index, tail)) throw new TypeError("the steps that came in do not fit those that are there");
        session.set(arrived(session.state, tail));
      }),
      task: this.guarded((data) => session.set({ task: data.task })),
      end: this.guarded(() => {
        session.set({ isLive: false });
        // How it ended has been told before, unless that was lost.
        if (isOpen(session.state.task)) this.refetch();
      }),
      reset: this.guarded(() => this.refetch()),
    };
  }

  /** @param {(data: any) => void} handle @returns {(data: any) => void} */
  guarded(handle) {
    return (data) => {
      try {
        handle(data);
      } catch (error) {
        console.error(error);
        this.refetch();
      }
    };
  }

  refetch() {
    clearTimeout(this.timer);
    this.fetched().catch(() => {
      // What is shown stays where the server cannot be reached.
      if (this.isWanted) this.timer = setTimeout(() => this.refetch(), RETRY_MS);
    });
  }

  async fetched() {
    const { source, session, taskId } = this.kit;
    const [{ task }, index] = await Promise.all([source.task(taskId), source.index(taskId)]);
    if (this.isWanted) session.set({ ...arrived(session.state, { ...index, from: 0 }), task, isLive: isOpen(task) && session.state.isLive });
  }
}
