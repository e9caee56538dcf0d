// Which page of the list, and how many tasks on one.

import { html } from "../lib.js";
import { Icon } from "../icons.js";
import { numberText, t } from "../i18n.js";
import { PAGE_SIZES, pagesAround, written } from "./query.js";

/** @typedef {import("./query.js").Query} Query */

/** @param {{query: Query, pagination: import("./tasks.js").Pagination, change: import("./view.js").Change}} props */
export function Pager({ query, pagination: { page, pages, total }, change }) {
  const link = (/** @type {number} */ to, /** @type {any} */ content, /** @type {object} */ more) =>
    to >= 1 && to <= pages
      ? html`<a class="button" href=${written({ ...query, page: to })} ...${more}>${content}</a>`
      : html`<a class="button" role="link" aria-disabled="true" ...${more}>${content}</a>`;
  const number = (/** @type {number} */ to) =>
    link(to, numberText(to), {
      "aria-current": to === page ? "page" : undefined,
      "aria-label": t("list.page", { page: to, pages }),
    });
  const arrow = () => html`<${Icon} name="chevron" />`;
  if (total <= PAGE_SIZES[0]) return null;
  return html`<nav class="pager" aria-label=${t("list.pages")}>
    ${link(page - 1, arrow(), { class: "button is-previous", "aria-label": t("list.page.previous"), rel: "prev" })}
    ${pagesAround(page, pages).map((each) => (each ? number(each) : html`<span class="gap">…</span>`))}
    ${link(page + 1, arrow(), { "aria-label": t("list.page.next"), rel: "next" })}
    <label>${t("list.perPage")} <select data-menu="per_page"
      onChange=${(/** @type {any} */ event) => change({ per_page: Number(event.target.value) })}>
      ${PAGE_SIZES.map((size) => html`<option value=${size} selected=${size === query.per_page}>${size}</option>`)}
    </select></label>
  </nav>`;
}
