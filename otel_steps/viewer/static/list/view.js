// The page of all tasks: find one, see how each went, open it where it failed.

import { html, useCallback, useEffect, useLayoutEffect, useMemo, useState } from "../lib.js";
import { t } from "../i18n.js";
import { useKeyHelp } from "../keyhelp.js";
import { lazily } from "../task/lazy.js";
import { useAnchor } from "./anchor.js";
import { Choice, useChoice } from "./choice.js";
import { Nothing, Problem } from "./empty.js";
import { Pager } from "./pager.js";
import { usePicking } from "./picking.js";
import { isNarrowed, parsed, written } from "./query.js";
import { Row, RowSkeleton } from "./row.js";
import { Summary } from "./summary.js";
import { useTasks } from "./tasks.js";
import { Toolbar } from "./toolbar.js";
import { OverallUsage } from "./usage.js";

/** @type {import("../help.js").Key[]} */
const KEYS = [
  [["/"], "list.key.search"],
  [["j"], "list.key.next"],
  [["k"], "list.key.previous"],
  [["Enter"], "list.key.open"],
  [["x"], "list.key.pick"],
];

const Bulk = lazily(() => import("./bulk.js"));

/** @typedef {import("./query.js").Query} Query */
/** @typedef {(change: Partial<Query>, how?: {isReplacing?: boolean}) => void} Change */

/** @param {{source: any, query: string, go: (to: string, how?: {isReplacing?: boolean}) => void}} props */
export default function ListView({ source, query: address, go }) {
  const query = useMemo(() => parsed(address), [address]);
  const { page, statistics, error, isLoading, load } = useTasks(source, query);
  const choice = useChoice();
  const list = useAnchor(page);
  const change = useCallback(
    /** @type {Change} */ ((part, how) => {
      // Whoever asks for something else starts on its first page.
      go(written({ ...query, page: 1, ...part }), how);
    }),
    [query, go],
  );
  useEffect(() => {
    document.title = `${t("list.title")} · otel-steps`;
  });
  const last = isLoading ? 0 : (page?.pagination.pages ?? 0);
  useEffect(() => {
    // Tasks may have gone since the link was made.
    if (last > 0 && query.page > last) go(written({ ...query, page: last }), { isReplacing: true });
  }, [last, query, go]);
  const tasks = useMemo(() => page?.tasks ?? [], [page]);
  const picking = usePicking(tasks);
  useKeys(picking.pick);
  const help = useKeyHelp(KEYS);
  useClock();

  const hasNone = page?.pagination.total === 0 && !isNarrowed(query);
  const row = (/** @type {import("./tasks.js").Task} */ task) =>
    html`<${Row} key=${task.task_id} source=${source} task=${task} word=${query.q} ...${{ choice, picking }} />`;
  return html`<main class="list" id="main" aria-busy=${isLoading}>
    <h1 class="sr-only">${t("list.title")}</h1>
    ${!hasNone &&
    html`<${Toolbar} query=${query} facets=${page?.facets ?? null} counts=${page?.by_status ?? {}} change=${change} picking=${picking} />
      <${Summary} page=${page} statistics=${statistics} query=${query} />
      <${OverallUsage} source=${source} version=${page?.version} />`}
    ${error && html`<${Problem} error=${error} retry=${load} isBrief=${tasks.length > 0} />`}
    ${!page && !error && html`<${RowSkeleton} />`}
    ${page && tasks.length === 0 && !error && html`<${Nothing} isNarrowed=${isNarrowed(query)} clear=${() => go(".")} />`}
    <ol class=${isLoading ? "rows is-loading" : "rows"} ref=${list}>${tasks.map(row)}</ol>
    ${page && tasks.length > 0 && html`<${Pager} query=${query} pagination=${page.pagination} change=${change} />`}
    ${page && picking.picked && html`<${Bulk} ...${{ source, query, picking, page, load }} />`}
    <${Choice} choice=${choice} />
    ${help}
  </main>`;
}

/** "2 min. ago" does not stay true. */
function useClock() {
  const [, tick] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => tick((count) => count + 1), 30000);
    return () => clearInterval(timer);
  }, []);
}

/** `/` goes to the search, j and k from task to task, x picks one. @param {import("./picking.js").Picking["pick"]} pick */
function useKeys(pick) {
  // Before anything is painted: a key that is pressed at once counts, too.
  useLayoutEffect(() => {
    const press = (/** @type {KeyboardEvent} */ event) => {
      const isOurs = !event.isComposing && !event.ctrlKey && !event.metaKey && !event.altKey;
      const isWriting = /** @type {Element} */ (event.target).matches?.("input:not([type=checkbox]), select, textarea");
      if (!isOurs || isWriting || !["/", "j", "k", "x", "X"].includes(event.key)) return;
      event.preventDefault();
      if (event.key === "/") /** @type {HTMLElement | null} */ (document.querySelector("[data-search]"))?.focus();
      else if (event.key === "j" || event.key === "k") moved(event.key === "j" ? 1 : -1);
      else {
        const id = document.activeElement?.closest("[data-task]")?.getAttribute("data-task");
        if (id) pick(id, event.shiftKey);
      }
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, [pick]);
}

/** Move the focus to the next task or the one before. @param {number} by */
function moved(by) {
  const titles = /** @type {HTMLElement[]} */ ([...document.querySelectorAll("a.row-link")]);
  const at = titles.findIndex((each) => each.closest("li")?.contains(document.activeElement));
  titles[Math.min(Math.max(at + by, 0), titles.length - 1)]?.focus();
}
