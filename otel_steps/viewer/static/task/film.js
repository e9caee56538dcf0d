// What a film has beside its pictures: a line of thinking below, and a camera that goes near.

import { html, useEffect } from "../lib.js";
import { styled } from "../styled.js";
import { titleOf } from "./naming.js";
import { useFact } from "./state.js";
import { UNZOOMED, closeUp } from "./zoom.js";

/** @typedef {import("./state.js").Session} Session */

// The full screen: the pictures with what was done on them, what was thought, and the player.
styled(`.task {
  &.is-full {
    color-scheme: dark;
    position: fixed;
    inset: 0;
    z-index: 70;
    height: 100dvh;
    min-height: 0;
    background: #08090c;
    > :not(.columns, .stage, .player, .said), .steplist, .details, .drawer-end, .toolbar, figcaption, .player .switches, [data-switch="strip"] { display: none; }
    .columns { display: flex; order: 0; }
    .stage { flex: 1; flex-direction: column; order: 0; height: auto; min-height: 0; padding: 6px; gap: 0; }
    .player { order: 1; position: static; flex-wrap: nowrap; border: 0; }
    .player .speed { display: block; }
    .subtitle { position: static; flex: none; min-height: 2.2em; max-width: 94%; margin: 2px auto; background: none; font-size: 16px; }
    .frame-moved { border-radius: 0; }
  }
}`);

const FOLLOW_SCALE = 1.8;

/** @param {{session: Session, body: any}} props */
export default function Film({ session, body }) {
  const hasSubtitles = useFact(session, (state) => state.hasSubtitles);
  const index = useFact(session, (state) => state.index);
  const position = useFact(session, (state) => state.position);
  useFollowing(session);
  if (!hasSubtitles || position < 0) return null;
  return html`<p class="subtitle" dir="auto">${firstSentence(body?.step?.thinking ?? "") || titleOf(index, position)}</p>`;
}

/** One line of what the agent thought. @param {string} text */
const firstSentence = (text) => text.trim().match(/^[^\n]*?[。！？!?]|^[^\n]*?\.(?=\s)|^[^\n]+/)?.[0] ?? "";

/** The player goes near where the agent acts, and back. @param {Session} session */
function useFollowing(session) {
  const isOn = useFact(session, (state) => state.isFollowing && state.isPlaying);
  const isClose = useFact(session, (state) => state.phase === "action");
  const position = useFact(session, (state) => state.position);
  useEffect(() => {
    if (!isOn) return;
    const { index } = session.state;
    const [x, y] = [index.x[position], index.y[position]];
    session.set({ zoom: isClose && x != null && y != null ? closeUp({ x, y }, FOLLOW_SCALE) : UNZOOMED });
  }, [session, isOn, isClose, position]);
}
