// The full screen: the pictures and the player, and nothing else.

import { useEffect, useLayoutEffect } from "../lib.js";
import { useFact } from "./state.js";

/**
 * Where the browser has no full screen for a page, or refuses it, the window's whole area stands in for it: the
 * style sheet makes both look the same.
 * @param {import("./state.js").Session} session @param {{current: HTMLElement | null}} page
 */
export function useFullScreen(session, page) {
  const isFull = useFact(session, (state) => state.isFull);
  // While the key or the click that asked for it still counts as the reader's.
  useLayoutEffect(() => {
    if (isFull) void page.current?.requestFullscreen?.().catch(() => undefined);
    else if (document.fullscreenElement) void document.exitFullscreen();
  }, [isFull]);
  useEffect(() => {
    // Escape is the browser's own then.
    const left = () => document.fullscreenElement ?? session.set({ isFull: false });
    document.addEventListener("fullscreenchange", left);
    return () => document.removeEventListener("fullscreenchange", left);
  }, [session]);
  return isFull;
}
