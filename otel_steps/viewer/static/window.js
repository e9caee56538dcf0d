// A list or strip of which only the items in view are in the document: 10,000 cost what 40 cost.

import { html, useCallback, useLayoutEffect, useRef, useState } from "./lib.js";

/**
 * Which items are to be drawn.
 * @param {{count: number, size: number, offset: number, extent: number, overscan?: number}} view
 *   Pixels along the axis: an item's size, how far it is scrolled, how much is seen.
 * @returns {{first: number, end: number}} `end` is not drawn.
 */
export function windowOf({ count, size, offset, extent, overscan = 4 }) {
  const first = Math.floor(offset / size) - overscan;
  const end = Math.ceil((offset + extent) / size) + overscan;
  return { first: Math.min(Math.max(first, 0), count), end: Math.min(Math.max(end, 0), count) };
}

/**
 * The scroll offset nearest to the present one at which an item is wholly seen, with one beside it; an item
 * far from what is seen comes to the middle.
 * @param {{position: number, size: number, offset: number, extent: number}} view
 */
export function offsetShowing({ position, size, offset, extent }) {
  const lowest = (position + 2) * size - extent;
  const highest = (position - 1) * size;
  const isFar = lowest - offset > extent || offset - highest > extent;
  const wanted = isFar ? (position + 0.5) * size - extent / 2 : Math.min(Math.max(offset, lowest), highest);
  return Math.max(wanted, 0);
}

/** @param {HTMLElement} box @param {boolean | undefined} isRow */
function measured(box, isRow) {
  const extent = isRow ? box.clientWidth : box.clientHeight;
  return { offset: isRow ? box.scrollLeft : box.scrollTop, extent };
}

/**
 * A listbox of items of one size. The list scrolls to the active item when that changes, and never else.
 *
 * @param {object} props
 * @param {number} props.count
 * @param {number} props.size Pixels of an item along the axis.
 * @param {boolean} [props.isRow] A strip in place of a list.
 * @param {number} props.active Position of the active item, or -1.
 * @param {(position: number, id: string) => any} props.item Draws one; its element must have the id.
 * @param {string} props.name Prefix of the items' ids.
 * @param {string} props.label What the list is, for those who cannot see it.
 * @param {"listbox" | "tree"} [props.role]
 */
export function Windowed({ count, size, isRow, active, item, name, label, role = "listbox" }) {
  const box = useRef(/** @type {HTMLElement | null} */ (null));
  const [view, setView] = useState({ offset: 0, extent: isRow ? 1600 : 900 });
  const measure = useCallback(() => {
    const now = box.current && measured(box.current, isRow);
    if (now) setView((old) => (old.offset === now.offset && old.extent === now.extent ? old : now));
  }, [isRow]);

  useLayoutEffect(() => {
    const watch = new ResizeObserver(measure);
    if (box.current) watch.observe(box.current);
    return () => watch.disconnect();
  }, [measure]);

  useLayoutEffect(() => {
    if (!box.current || active < 0) return;
    const seen = measured(box.current, isRow);
    if (seen.extent === 0) return;
    const offset = offsetShowing({ position: active, size, ...seen });
    if (offset === seen.offset) return;
    box.current[isRow ? "scrollLeft" : "scrollTop"] = offset;
    measure();
  }, [active, size, isRow, measure, view.extent]);

  const { first, end } = windowOf({ count, size, ...view });
  const items = [];
  for (let position = first; position < end; position++) {
    const at = `${position * size}px`;
    const style = isRow ? { left: at, width: `${size}px` } : { top: at, height: `${size}px` };
    items.push(html`<div class="windowed-item" role="presentation" key=${position} style=${style}>
      ${item(position, `${name}-${position}`)}
    </div>`);
  }
  const whole = `${count * size}px`;
  return html`<div
    class=${isRow ? "windowed windowed-row" : "windowed"}
    role=${role}
    tabindex="0"
    aria-label=${label}
    aria-orientation=${isRow ? "horizontal" : "vertical"}
    aria-activedescendant=${active >= first && active < end ? `${name}-${active}` : undefined}
    ref=${box}
    onScroll=${measure}
  >
    <div class="windowed-whole" role="presentation" style=${isRow ? { width: whole } : { height: whole }}>
      ${items}
    </div>
  </div>`;
}
