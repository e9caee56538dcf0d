// Two tasks side by side: where did they part, and what did each see, think and do there?

import { html, useEffect, useLayoutEffect, useMemo, useState } from "../lib.js";
import { Icon } from "../icons.js";
import { errorText, t } from "../i18n.js";
import { useKeyHelp } from "../keyhelp.js";
import { Bodies } from "../task/bodies.js";
import { useDifference } from "../task/differing.js";
import { lazily } from "../task/lazy.js";
import { compareLink } from "../task/links.js";
import { Facts } from "./facts.js";
import { Head } from "./head.js";
import { KEYS, MODES, moved, pairOf, parsed, partingOf, pinsOf, stepped, toggled, written } from "./pairs.js";
import { Pictures, pictureOf } from "./pictures.js";
import { Strips } from "./strips.js";

/** @type {import("../help.js").Key[]} */
const HELP = [
  ...[...new Set(Object.values(KEYS))].map((move) => /** @type {import("../help.js").Key} */ ([Object.keys(KEYS).filter((key) => KEYS[key] === move), `compare.key.${move}`])),
  [["d"], "compare.key.mode"],
  [["p"], "compare.key.pin"],
];

/** @typedef {import("./pairs.js").Mode} Mode */
/** @typedef {import("./pairs.js").Pair} Pair */
/** @typedef {import("./pairs.js").Pin} Pin */
/** @typedef {{task: any, index: import("../task/steps.js").Index, usage: any}} Run */
/** @typedef {{a: Run, b: Run, pairs: Pair[], same: boolean[], divergence: number | null}} Comparison */
/** @typedef {(href: string, how?: {isReplacing?: boolean}) => void} Go */

const Runs = lazily(() => import("./runs.js"));
// Browsers refuse more than about twenty changes of the address a second, and a held key makes more.
const ADDRESS_MS = 150;

/** @param {{source: any, query: string, go: Go}} props */
export default function CompareView({ source, query, go }) {
  const [a, b] = ["a", "b"].map((name) => new URLSearchParams(query).get(name) ?? "");
  if (!b) return html`<${Runs} key=${a} ...${{ source, taskId: a, go }} />`;
  return html`<${Two} key=${JSON.stringify([a, b])} ...${{ source, query, go }} />`;
}

/** @param {{source: any, query: string, go: Go}} props */
function Two({ source, query, go }) {
  const [state, setState] = useState({ query: "", data: /** @type {Comparison | null} */ (null), error: "" });
  useEffect(() => {
    let isWanted = true;
    const done = (/** @type {Comparison | null} */ data, error = "") => isWanted && setState({ query, data, error });
    const asked = new URLSearchParams(query);
    source.compare(asked.get("a"), asked.get("b"), asked.getAll("pin")).then(done, (/** @type {any} */ error) => done(null, errorText(error)));
    return () => {
      isWanted = false;
    };
  }, [source, query]);
  useEffect(() => {
    document.title = `${t("compare.title")} · otel-steps`;
  });
  if (state.error) {
    return html`<main class="message" id="main" role="alert"><${Icon} name="compare" /><h1>${t("compare.failed")}</h1>
      <p>${state.error}</p><a class="button" href=".">${t("compare.tasks")}</a></main>`;
  }
  if (!state.data) {
    return html`<main class="message" id="main" aria-busy="true"><p>${t("compare.loading")}</p></main>`;
  }
  // With another pin the comparison before stays until the new one is there.
  return html`<${Comparison} ...${{ source, go, data: state.data, pins: pinsOf(state.query) }} />`;
}

/** @param {{source: any, data: Comparison, pins: Pin[], go: Go}} props */
function Comparison({ source, data, pins, go }) {
  const { a, b, pairs, same, divergence } = data;
  const [{ seen, mode }, setState] = useState(() =>
    parsed(location.hash, a.index, b.index, pairs, partingOf(pairs, divergence ?? 0)));
  const see = (/** @type {Pair} */ to) => setState((state) => ({ ...state, seen: to }));
  const show = (/** @type {Mode} */ to) => setState((state) => ({ ...state, mode: to }));
  const at = pairOf(pairs, seen);
  const bodies = useMemo(() => [a, b].map(({ task }) => new Bodies(source, task.task_id)), [source, a.task.task_id, b.task.task_id]);
  const sides = [a, b].map(({ index }, side) => ({ letter: "AB"[side], index, position: seen[side], ...useBody(bodies[side], index, seen[side]) }));
  const differing = useDifference(source, pictureOf(sides[0]), pictureOf(sides[1]));
  const hash = written(seen, a.index, b.index, mode);
  const numbers = /** @type {Pin | null} */ (seen.includes(null) ? null : [a.index.number[Number(seen[0])], b.index.number[Number(seen[1])]]);
  const pin = () => numbers && go(compareLink(a.task.task_id, b.task.task_id, toggled(pins, numbers)) + hash, { isReplacing: true });
  useKeys({
    move: (move) => see(pairs[moved(move, at, same)] ?? seen),
    d: () => show(MODES[(MODES.indexOf(mode) + 1) % MODES.length]),
    p: pin,
  });
  const help = useKeyHelp(HELP);
  useEffect(() => {
    const timer = setTimeout(() => history.replaceState(history.state, "", new URL(hash, location.href)), ADDRESS_MS);
    return () => clearTimeout(timer);
  }, [hash]);
  return html`<main class="task compare" id="main">
    <h1 class="sr-only">${t("compare.title")}</h1>
    <${Head} ...${{ data, seen, pins }} />
    <${Strips} ...${{ source, data, pins, seen, at, see }} />
    ${pairs.length > 0 && html`<${Bar} ...${{ data, pins, seen, numbers, at, see, mode, show, pin }} />
      <div class="compare-body">
        <${Pictures} ...${{ source, mode, sides, differing }} />
        <${Facts} sides=${sides} differing=${pictureOf(sides[0]) && pictureOf(sides[1]) ? differing : null} />
      </div>`}
    ${help}
  </main>`;
}

/**
 * @param {object} props
 * @param {Comparison} props.data @param {Pin[]} props.pins @param {Pair} props.seen @param {Pin | null} props.numbers
 * @param {number} props.at @param {(seen: Pair) => void} props.see
 * @param {Mode} props.mode @param {(mode: Mode) => void} props.show @param {() => void} props.pin
 */
function Bar({ data: { a, b, pairs, same, divergence }, pins, seen, numbers, at, see, mode, show, pin }) {
  const isPair = pairs[at][0] === seen[0] && pairs[at][1] === seen[1];
  const parting = divergence === null ? null : partingOf(pairs, divergence);
  const words = String(seen) === String(parting) ? "compare.parting" : !isPair ? "compare.free" : same[at] ? "compare.same" : numbers ? "compare.differs" : "compare.alone";
  const isPinned = numbers !== null && pins.some(([x, y]) => x === numbers[0] && y === numbers[1]);
  return html`<div class="compare-bar">
    <span role="status">${t(words)} <small>${t("compare.place", { at: at + 1, count: pairs.length })}</small></span>
    <${Stepper} letter="A" index=${a.index} position=${seen[0]} by=${(/** @type {number} */ by) => see(stepped(seen, 0, by, a.index.count))} />
    <${Stepper} letter="B" index=${b.index} position=${seen[1]} by=${(/** @type {number} */ by) => see(stepped(seen, 1, by, b.index.count))} />
    <button type="button" class="toggle" aria-pressed=${isPinned} disabled=${!numbers} title=${t("compare.pin.hint")} onClick=${pin}>
      <${Icon} name="pin" />${t("compare.pin")}<kbd>p</kbd></button>
    <div class="segments" role="radiogroup" aria-label=${t("task.mode")}>
      ${MODES.map((name) => html`<button type="button" role="radio" aria-checked=${name === mode} data-set-mode=${name}
        onClick=${() => show(name)}>${t(`compare.mode.${name}`)}</button>`)}
    </div>
    ${parting === null
      ? html`<span class="hint">${t("compare.never")}</span>`
      : html`<button type="button" class="button" onClick=${() => see(parting)}>
          <${Icon} name="flag" />${t("compare.divergence")}</button>`}
    <button type="button" class="button" onClick=${() => see(pairs[moved("nextDifference", at, same)])}>
      ${t("compare.nextDifference")}<kbd>f</kbd></button>
  </div>`;
}

/** @param {{letter: string, index: import("../task/steps.js").Index, position: number | null, by: (by: number) => void}} props */
function Stepper({ letter, index, position, by }) {
  const number = position === null ? "–" : index.number[position];
  const button = (/** @type {number} */ way, /** @type {string} */ sign, /** @type {string} */ word) => html`<button type="button" class="quiet"
    aria-label=${`${letter}: ${t(word)}`} title=${`${letter}: ${t(word)}`} disabled=${position === (way < 0 ? 0 : index.count - 1)} onClick=${() => by(way)}>${sign}</button>`;
  return html`<span class="stepper" data-stepper=${letter}>${button(-1, "‹", "task.key.previous")}
    <b class="letter" data-letter=${letter}>${letter}</b><span>${number}</span>${button(1, "›", "task.key.next")}</span>`;
}

/** @param {{move: (move: import("./pairs.js").Move) => void, d: () => void, p: () => void}} does */
function useKeys(does) {
  // Before anything is painted: a key that is pressed at once counts, too.
  useLayoutEffect(() => {
    const press = (/** @type {KeyboardEvent} */ event) => {
      if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
      const isSlider = event.target instanceof HTMLInputElement && event.key.startsWith("Arrow");
      const move = isSlider ? undefined : KEYS[event.key];
      if (move) does.move(move);
      else if (event.key === "d" || event.key === "p") does[event.key]();
      else return;
      event.preventDefault();
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  });
}

/** The row of a step and what it used, or null until they are there. @param {Bodies} bodies
 * @param {import("../task/steps.js").Index} index @param {number | null} position @returns {{step: any, usage: any}} */
function useBody(bodies, index, position) {
  const [, redraw] = useState(0);
  useEffect(() => {
    if (position === null || bodies.at(index, position)) return undefined;
    // Who holds a key down passes by many steps and wants none of them; what the index says stays to be seen.
    const timer = setTimeout(() => {
      bodies.load(index, position).then(() => redraw((count) => count + 1), () => undefined);
    }, 60);
    return () => clearTimeout(timer);
  }, [bodies, index, position]);
  const body = position === null ? null : bodies.at(index, position);
  return { step: body?.step ?? null, usage: body?.usage ?? null };
}
