// A page of tasks and the figures over all, kept in step with the store.

import { useCallback, useEffect, useRef, useState } from "../lib.js";
import { asked } from "./query.js";

/** @typedef {import("./query.js").Query} Query */
/**
 * @typedef {{sha256: string, number: number, kind: "first" | "change" | "failure" | "last", width: number | null, height: number | null}} Frame
 *   Width and height are pixels of the picture as it was taken.
 */
/**
 * A row of `tasks` with what the list shows besides.
 * @typedef {object} Task
 * @property {string} task_id
 * @property {string | null} task_description
 * @property {string | null} status
 * @property {string | null} created_at
 * @property {string | null} result
 * @property {string | null} error_message
 * @property {number | null} total_steps
 * @property {number | null} failed_steps
 * @property {number | null} total_duration_ms
 * @property {string | null} archived where in the archive its steps are
 * @property {string | null} last_activity
 * @property {string | null} model
 * @property {string | null} device_id
 * @property {string | null} project
 * @property {string | null} session
 * @property {string[] | null} tags
 * @property {import("../task/scores.js").Score[] | null} scores
 * @property {string[]} apps
 * @property {Frame[]} frames
 * @property {Record<string, number>} flags
 * @property {Record<string, number>} flag_steps Number of the first step with each flag.
 * @property {number | null} first_failed
 * @property {import("../task/whytext.js").Why | null} why
 * @property {number} alike How many tasks of the page have the same cause.
 * @property {number | null} hit
 * @property {import("../usage.js").Usage | null} usage
 */
/** @typedef {{page: number, per_page: number, total: number, pages: number}} Pagination */
/** @typedef {Record<"apps" | "models" | "devices" | "projects" | "sessions" | "tags" | "step_tags", string[]>} Facets */
/** @typedef {Record<string, {tasks: number, steps: number}>} ByStatus Of all that is found, whatever status is asked for. */
/** @typedef {{tasks: Task[], pagination: Pagination, by_status: ByStatus, unseen: number, facets: Facets, version: string}} TaskPage
 *   `unseen` tasks are not searched for the flag yet. */
/** @typedef {{tasks: number, steps: number, screenshots: number, tasks_by_status: Record<string, number>}} Statistics */
/**
 * @typedef {object} Loaded
 * @property {TaskPage | null} page The last that came; of another query while `isLoading`.
 * @property {Statistics | null} statistics
 * @property {any} error Why the last try failed.
 * @property {boolean} isLoading
 */

// A busy recorder changes the list several times a second.
const CALM_MS = 300;
// More of them are searched meanwhile.
const UNSEEN_MS = 2000;

/** What was shown last: who comes back from a task sees it at once. @type {{query: string, state: Loaded} | null} */
let last = null;

/** @param {Query} query @returns {Loaded} */
function atFirst(query) {
  const isSame = last?.query === JSON.stringify(query);
  return isSame && last ? last.state : { page: null, statistics: null, error: null, isLoading: true };
}

/** @param {any} source @param {Query} query @returns {Loaded & {load: () => void}} */
export function useTasks(source, query) {
  const [state, setState] = useState(() => atFirst(query));
  const newest = useRef(0);
  const version = useRef(/** @type {string | undefined} */ (undefined));
  const load = useCallback(async () => {
    const turn = ++newest.current;
    const settle = (/** @type {Partial<Loaded>} */ change) => {
      if (turn === newest.current) setState((old) => ({ ...old, ...change, isLoading: false }));
    };
    try {
      const [page, statistics] = await Promise.all([source.tasks(asked(query, Date.now())), source.statistics()]);
      version.current = page.version;
      settle({ page, statistics, error: null });
      last = { query: JSON.stringify(query), state: { page, statistics, error: null, isLoading: false } };
    } catch (error) {
      settle({ error });
    }
  }, [source, query]);

  useEffect(() => {
    setState((old) => ({ ...old, isLoading: true }));
    void load();
    return () => {
      newest.current++;
    };
  }, [load]);
  useEffect(() => {
    const timer = state.page?.unseen ? setTimeout(load, UNSEEN_MS) : 0;
    return () => clearTimeout(timer);
  }, [state.page, load]);
  useEffect(() => calmly((again) => source.liveList({ changed: again }, () => version.current), load, CALM_MS), [source, load]);
  return { ...state, load };
}

/**
 * Run *act* on each event, at most once in a while, and for the last of them.
 * @param {(again: () => void) => (() => void)} listen @param {() => void} act @param {number} ms
 */
function calmly(listen, act, ms) {
  let timer = 0;
  const stop = listen(() => {
    timer ||= setTimeout(() => {
      timer = 0;
      act();
    }, ms);
  });
  return () => {
    clearTimeout(timer);
    stop();
  };
}
