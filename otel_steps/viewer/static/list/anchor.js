// The list changes while it is read: what the reader looks at stays where it is.

import { useLayoutEffect, useRef } from "../lib.js";

/**
 * @param {unknown} content The rows are others when this is.
 * @returns {{current: HTMLElement | null}} For the element whose children are the rows, each with `data-task`.
 */
export function useAnchor(content) {
  const list = useRef(/** @type {HTMLElement | null} */ (null));
  const seen = useRef({ id: "", top: 0 });
  useLayoutEffect(() => {
    const row = list.current?.querySelector(`[data-task="${CSS.escape(seen.current.id)}"]`);
    const moved = row ? row.getBoundingClientRect().top - seen.current.top : 0;
    // At the very top new tasks are to be seen as they come.
    if (moved && scrollY > 0) scrollBy(0, moved);
  }, [content]);
  useLayoutEffect(() => {
    const look = () => {
      const row = [...(list.current?.children ?? [])].find((each) => each.getBoundingClientRect().bottom > 0);
      seen.current = { id: row?.getAttribute("data-task") ?? "", top: row?.getBoundingClientRect().top ?? 0 };
    };
    look();
    addEventListener("scroll", look, { passive: true });
    return () => removeEventListener("scroll", look);
  });
  return list;
}
