// Plays a task: the buttons, the scrubber, and the one loop that moves time on.

import { html, useEffect, useRef } from "../lib.js";
import { Icon } from "../icons.js";
import { t } from "../i18n.js";
import { deriveFrame, timeOf } from "./clock.js";
import { SPEEDS, changeOf } from "./commands.js";
import { clockText, positionText } from "./naming.js";
import { useFact } from "./state.js";

/** @typedef {import("./bodies.js").Kit} Kit */
/** @typedef {import("./state.js").Session} Session */

/** @param {{kit: Kit}} props */
export function Player({ kit }) {
  const { session } = kit;
  return html`<section class="player" aria-label=${t("task.player")}>
    <div class="buttons">
      <${Command} session=${session} command="first" icon="first" />
      <${Command} session=${session} command="previous" icon="previous" />
      <${Play} session=${session} />
      <${Command} session=${session} command="next" icon="next" />
      <${Command} session=${session} command="last" icon="last" />
    </div>
    <${Scrubber} session=${session} />
    <${Place} session=${session} />
    <select class="speed" aria-label=${t("task.speed")} value=${useFact(session, (state) => state.speed)}
      onChange=${(/** @type {any} */ event) => session.set({ speed: Number(event.target.value) })}>
      ${SPEEDS.map((speed) => html`<option value=${speed}>${speed}×</option>`)}
    </select>
    <div class="switches">
      ${["isShortened", "isLooping", "isFollowing", "hasSubtitles"].map(
        (name) => html`<${Switch} session=${session} name=${name} />`,
      )}
    </div>
    <div class="buttons">
      <${Pressed} session=${session} fact="isStripOpen" command="strip" icon="strip" />
      <${Pressed} session=${session} fact="isFull" command="full" icon="fullscreen" />
    </div>
  </section>`;
}

/** @param {{session: Session, command: string, icon: string}} props */
function Command({ session, command, icon }) {
  return html`<button type="button" class="quiet" title=${t(`task.key.${command}`)} aria-label=${t(`task.key.${command}`)}
    onClick=${() => session.set(changeOf(command, session.state))}><${Icon} name=${icon} /></button>`;
}

/** @param {{session: Session, fact: "isStripOpen" | "isFull", command: string, icon: string}} props */
function Pressed({ session, fact, command, icon }) {
  const isOn = useFact(session, (state) => state[fact]);
  const word = t(`task.key.${command}`);
  return html`<button type="button" class="quiet" title=${word} aria-label=${word} aria-pressed=${isOn} data-switch=${command}
    onClick=${() => session.set(changeOf(command, session.state))}><${Icon} name=${icon} /></button>`;
}

/** @param {{session: Session}} props */
function Play({ session }) {
  const isPlaying = useFact(session, (state) => state.isPlaying);
  const word = t(isPlaying ? "task.pause" : "task.play");
  return html`<button type="button" class="play" title=${word} aria-label=${word} data-playing=${isPlaying}
    onClick=${() => session.set(changeOf("play", session.state))}><${Icon} name=${isPlaying ? "pause" : "play"} /></button>`;
}

/** @param {{session: Session, name: string}} props */
function Switch({ session, name }) {
  const isOn = useFact(session, (state) => /** @type {any} */ (state)[name]);
  return html`<button type="button" class="toggle" aria-pressed=${isOn} title=${t(`task.switch.${name}.hint`)}
    onClick=${() => session.set({ [name]: !isOn })}>${t(`task.switch.${name}`)}</button>`;
}

/** @param {{session: Session}} props */
function Place({ session }) {
  const index = useFact(session, (state) => state.index);
  const position = useFact(session, (state) => state.position);
  return html`<span class="place">${index.number[position] ?? 0} / ${index.number[index.count - 1] ?? 0}</span>`;
}

/** @param {{session: Session}} props */
function Scrubber({ session }) {
  const input = useRef(/** @type {HTMLInputElement | null} */ (null));
  const index = useFact(session, (state) => state.index);
  const position = useFact(session, (state) => state.position);
  const timeline = useFact(session, (state) => state.timeline);
  const time = usePlaying(session, input);
  const scrub = (/** @type {any} */ event) => {
    time.current = Number(event.target.value);
    const { position: at, phase } = deriveFrame(timeline, time.current);
    if (at >= 0) session.set({ position: at, phase });
  };
  return html`<input class="scrubber" type="range" data-scrubber ref=${input} min="0" max=${Math.round(timeline.total)} step="1"
    aria-label=${t("task.scrubber")} aria-valuetext=${positionText(index, position)}
    title=${clockText(timeline.total)} onInput=${scrub} />`;
}

/**
 * Moves time on while the task plays, and the scrubber with it; a selection by other means moves time.
 * @param {Session} session @param {{current: HTMLInputElement | null}} input
 */
function usePlaying(session, input) {
  const isPlaying = useFact(session, (state) => state.isPlaying);
  const time = useRef(0);
  useEffect(() => {
    const show = () => {
      if (input.current) input.current.value = String(Math.round(time.current));
    };
    const follow = () => {
      const { timeline, position, phase } = session.state;
      const frame = deriveFrame(timeline, time.current);
      if (frame.position !== position || frame.phase !== phase) time.current = timeOf(timeline, position, phase);
      show();
    };
    follow();
    const stop = session.watch(follow);
    let before = performance.now();
    let request = 0;
    const tick = (/** @type {number} */ now) => {
      time.current += (now - before) * session.state.speed;
      before = now;
      advance(session, time);
      show();
      request = session.state.isPlaying ? requestAnimationFrame(tick) : 0;
    };
    if (isPlaying) request = requestAnimationFrame(tick);
    return () => {
      stop();
      cancelAnimationFrame(request);
    };
  }, [session, isPlaying]);
  return time;
}

/** @param {Session} session @param {{current: number}} time */
function advance(session, time) {
  const { timeline, filter, isLooping, position, phase, index } = session.state;
  const [first, last] = filter.range ?? [0, index.count - 1];
  const end = timeline.starts[last + 1] ?? timeline.total;
  if (time.current >= end) {
    if (!isLooping) {
      session.set({ isPlaying: false, position: last, phase: "after" });
      return;
    }
    time.current = timeline.starts[first] ?? 0;
  }
  const frame = deriveFrame(timeline, time.current);
  if (frame.position >= 0 && (frame.position !== position || frame.phase !== phase)) {
    session.set({ position: frame.position, phase: frame.phase });
  }
}
