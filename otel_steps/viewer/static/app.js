// The page around everything: header, and which view the address asks for.

import { html, render, useCallback, useEffect, useLayoutEffect, useMemo, useState } from "./lib.js";
import { Banner } from "./banner.js";
import { Header } from "./header.js";
import { learn, t, useLanguage } from "./i18n.js";
import { routeOf } from "./route.js";
import { HttpSource } from "./source.js";
import { once, sheet } from "./sheets.js";

/** @typedef {import("./route.js").Route} Route */

/** Each view comes with its words and its style sheets when it is first shown.
 * @type {Record<Route["view"], () => Promise<any>>} */
const VIEWS = {
  list: () => first(import("./list/view.js"), learn("list"), learn("usage"), sheet("list.css")),
  task: () => first(import("./task/view.js"), learn("task"), sheet("task.css")),
  compare: () => first(import("./compare/view.js"), learn("compare"), learn("task"), learn("usage"), sheet("task.css"), sheet("compare.css")),
  stats: () => first(import("./stats/view.js"), learn("stats"), learn("list"), learn("usage"), sheet("list.css"), sheet("stats.css")),
};
/** @type {Map<string, any>} */
const loaded = new Map();

/** @param {{source: HttpSource}} props */
function App({ source }) {
  useLanguage();
  const { route, go } = useRoute();
  const { View, error } = useView(source, route.view);
  useScroll(route, View);
  // A player within another page has no bar.
  const isBare = new URLSearchParams(route.query).get("player") === "1";
  return html`${!isBare && html`<${Header} source=${source} isList=${route.view === "list"} />`}
    <${Banner} connection=${source.connection} />
    ${error && html`<main class="message" role="alert"><h1>${t("shell.failed")}</h1><p>${error}</p>
      <button type="button" class="button" onClick=${() => location.reload()}>${t("shell.retry")}</button></main>`}
    ${!View && !error && html`<div class="first-sight" aria-busy="true"></div>`}
    ${View && html`<${View} key=${route.view} source=${source} taskId=${route.taskId} query=${route.query} go=${go} />`}`;
}

/** The address as a route, and how to go elsewhere without loading the page again. */
function useRoute() {
  const [href, setHref] = useState(location.pathname + location.search);
  const go = useCallback((/** @type {string} */ to, /** @type {{isReplacing?: boolean}} */ { isReplacing = false } = {}) => {
    if (isReplacing) history.replaceState(history.state, "", to);
    else history.pushState(null, "", to);
    setHref(location.pathname + location.search);
  }, []);
  useEffect(() => {
    const back = () => setHref(location.pathname + location.search);
    const click = (/** @type {MouseEvent} */ event) => {
      const link = insideLink(event);
      if (!link) return;
      event.preventDefault();
      go(link.href);
    };
    addEventListener("popstate", back);
    addEventListener("click", click);
    return () => {
      removeEventListener("popstate", back);
      removeEventListener("click", click);
    };
  }, [go]);
  return { route: useMemo(() => routeOf(href), [href]), go };
}

/** The list as it was left. */
let left = { query: "", top: 0 };

/** Who comes back to the list finds it where it was left. @param {Route} route @param {any} View */
function useScroll({ view, taskId, query }, View) {
  useLayoutEffect(() => {
    if (!View) return undefined;
    scrollTo(0, view === "list" && query === left.query ? left.top : 0);
    if (view !== "list") return undefined;
    const keep = () => {
      left = { query, top: scrollY };
    };
    addEventListener("scroll", keep, { passive: true });
    return () => removeEventListener("scroll", keep);
  }, [view, taskId, query, View]);
}
/** The link to a page of ours that a plain click opens, or null. @param {MouseEvent} event */
function insideLink(event) {
  const isPlain = event.button === 0 && !(event.metaKey || event.ctrlKey || event.shiftKey || event.altKey);
  const link = /** @type {Element} */ (event.target).closest?.("a[href]");
  if (!isPlain || event.defaultPrevented || !(link instanceof HTMLAnchorElement)) return null;
  const isElsewhere = link.origin !== location.origin || link.target || link.hasAttribute("download");
  const isSamePage = link.pathname === location.pathname && link.search === location.search && link.hash;
  return isElsewhere || isSamePage || !routeOf(link.pathname).isKnown ? null : link;
}

/** The module, once all that it needs is there. @param {Promise<any>[]} parts */
const first = async (...parts) => (await Promise.all(parts))[0];

/** @param {Route["view"]} name */
const viewNamed = (name) => once(name, VIEWS[name]);

/** @param {HttpSource} source @param {Route["view"]} name */
function useView(source, name) {
  const [state, setState] = useState({ name: "", error: "" });
  useEffect(() => {
    let isWanted = true;
    const done = (error = "") => isWanted && setState({ name, error });
    // A module that cannot be had while the server is away is asked for again when it is back.
    const load = () => viewNamed(name).catch(() => source.health().then(() => viewNamed(name)));
    load().then(
      (module) => {
        loaded.set(name, module.default);
        done();
      },
      (error) => done(String(error?.message ?? error)),
    );
    return () => {
      isWanted = false;
    };
  }, [source, name]);
  return { View: loaded.get(name) ?? null, error: state.name === name ? state.error : "" };
}

history.scrollRestoration = "manual";
// What the view needs comes at the same time; a failure is told where it is shown.
viewNamed(routeOf(location.pathname).view).catch(() => undefined);
await learn("shell");
const root = /** @type {HTMLElement} */ (document.getElementById("app"));
root.replaceChildren();
render(html`<${App} source=${new HttpSource()} />`, root);
