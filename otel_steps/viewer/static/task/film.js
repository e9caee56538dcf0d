// What a film has beside its pictures: a line of thinking below, and a camera that goes near.

import { html, useEffect } from "../lib.js";
import { titleOf } from "./naming.js";
import { useFact } from "./state.js";
import { UNZOOMED, closeUp } from "./zoom.js";

/** @typedef {import("./state.js").Session} Session */

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
