// The page of figures: how the tasks went over time and by group, what took the time, what went wrong and where.

import { html, useCallback, useEffect, useLayoutEffect, useMemo } from "../lib.js";
import { Icon } from "../icons.js";
import { t } from "../i18n.js";
import { useKeyHelp } from "../keyhelp.js";
import { isNarrowed } from "../list/query.js";
import { Nothing, Problem } from "../list/empty.js";
import { useAnswer } from "./answers.js";
import { Between } from "./between.js";
import { DayBars } from "./daybars.js";
import { Failures } from "./failures.js";
import { Filters, chosenText } from "./filters.js";
import { Groups } from "./groups.js";
import { address, asked, listLink, parsed } from "./query.js";
import { TapMap } from "./taps.js";
import { Totals } from "./totals.js";
import { Actions, WhereTimeGoes } from "./work.js";

/** @typedef {import("./query.js").Chosen} Chosen */

/** @type {import("../help.js").Key[]} */
const KEYS = [[["/"], "list.key.search"]];

/** @param {{source: any, query: string, go: (to: string, how?: {isReplacing?: boolean}) => void}} props */
export default function StatsView({ source, query: written, go }) {
  const chosen = useMemo(() => parsed(written), [written]);
  const { query, by } = chosen;
  // "The last 7 days" are those before the page was asked for them, in all its questions.
  const { now, filters } = useMemo(() => {
    const moment = Date.now();
    return { now: moment, filters: String(asked(query, moment)) };
  }, [JSON.stringify(query)]);
  const ask = (/** @type {string} */ path, /** @type {Record<string, string>} */ more = {}) =>
    useAnswer(source, `api/${path}?${new URLSearchParams([...new URLSearchParams(filters), ...Object.entries(more)])}`);
  const tasks = ask("tasks", { per_page: "1" });
  const total = ask("statistics/tasks");
  const used = ask("statistics/tasks/usage");
  const days = ask("statistics/tasks", { by: "day" });
  const groups = ask("statistics/tasks", { by });
  const usedByGroup = ask("statistics/tasks/usage", { by });
  const actions = ask("statistics/actions");
  const time = ask("statistics/time");
  const taps = ask("statistics/taps", chosen.tapped ? { tapped: chosen.tapped } : {});
  const change = useCallback(
    (/** @type {Partial<Chosen>} */ part, how = {}) => go(address({ ...chosen, ...part }), how),
    [chosen, go],
  );
  const narrow = useCallback(
    (/** @type {Partial<import("../list/query.js").Query>} */ part, how = {}) => change({ query: { ...query, ...part } }, how),
    [query, change],
  );
  useEffect(() => {
    document.title = `${t("stats.title")} · otel-steps`;
  });
  useSearchKey();
  const help = useKeyHelp(KEYS);

  const [whole] = total.data?.groups ?? [];
  const isEmpty = total.data && !whole;
  const rows = groups.data?.by === by ? groups.data.groups : [];
  return html`<main class="list stats" id="main" aria-busy=${total.isLoading}>
    <header class="stats-head"><h1>${t("stats.title")}</h1><a class="button" href=${listLink(query)}><${Icon} name="list" />${t("stats.list")}</a></header>
    <p class="on-paper">${chosenText(query, now)}</p>
    ${!(isEmpty && !isNarrowed(query)) && html`<${Filters} query=${query} facets=${tasks.data?.facets ?? null} counts=${tasks.data?.by_status ?? {}} change=${narrow} />`}
    ${tasks.data?.unseen > 0 && html`<p class="hint" role="status" data-unseen>${t("list.unseen", { count: tasks.data.unseen })}</p>`}
    ${total.error && html`<${Problem} error=${total.error} retry=${() => location.reload()} isBrief=${false} />`}
    ${isEmpty && html`<${Nothing} isNarrowed=${isNarrowed(query)} clear=${() => go("stats")} />`}
    ${whole && html`<${Totals} query=${query} total=${whole} used=${used.data ? (used.data.groups[0] ?? null) : undefined} />
      <div class="parts">
        <${DayBars} query=${query} answer=${days} now=${now} />
        <${WhereTimeGoes} query=${query} answer=${time} />
        <${Groups} ...${{ query, by, answer: groups, used: usedByGroup, filters, choose: (/** @type {Chosen["by"]} */ name) => change({ by: name, one: "", other: "" }) }} />
        <${Between} ...${{ source, query, by, filters, one: chosen.one, other: chosen.other, choose: change, groups: rows, used: usedByGroup.data?.groups ?? [] }} />
        <${Actions} query=${query} answer=${actions} />
        <${Failures} source=${source} query=${query} filters=${filters} />
        <${TapMap} source=${source} answer=${taps} choose=${(/** @type {string} */ app) => change({ tapped: app })} />
      </div>`}
    ${help}
  </main>`;
}

/** `/` goes to the search, as on the list. */
function useSearchKey() {
  useLayoutEffect(() => {
    const press = (/** @type {KeyboardEvent} */ event) => {
      const isOurs = event.key === "/" && !event.isComposing && !event.ctrlKey && !event.metaKey && !event.altKey;
      if (!isOurs || /** @type {Element} */ (event.target).matches?.("input, select, textarea")) return;
      event.preventDefault();
      /** @type {HTMLElement | null} */ (document.querySelector("[data-search]"))?.focus();
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, []);
}
