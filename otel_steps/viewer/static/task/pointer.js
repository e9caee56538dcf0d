// Hands on a picture: the wheel and two fingers zoom, dragging pans, a click reads a coordinate, a flick turns the step.

import { t } from "../i18n.js";
import { changeOf } from "./commands.js";
import { UNZOOMED, coordinateAt, keptInside, panned, roomOf, zoomed } from "./zoom.js";

/** @typedef {import("./zoom.js").Point} Point */
/** @typedef {import("./state.js").Session} Session */

const FLICK_PX = 48;
const STILL_PX = 5;
const CLOSER = 2.5;

/**
 * Listen all over the pane, which the zoomed picture fills.
 * @param {Session} session
 * @param {object} where
 * @param {HTMLElement} where.frame The picture as it fits into the pane, its parent.
 * @param {{current: HTMLElement | null}} where.readout Shows the coordinate under the pointer; written past Preact, as
 *   it changes with every pixel.
 * @param {AbortSignal} where.signal Ends it.
 */
export function listen(session, { frame, readout, signal }) {
  const pane = /** @type {HTMLElement} */ (frame.parentElement);
  const hand = new Hand(session, frame, (text) => {
    if (readout.current) readout.current.textContent = text;
  });
  const on = (/** @type {string} */ name, /** @type {(event: any) => void} */ does) =>
    pane.addEventListener(name, does, { signal, passive: false });
  on("wheel", (event) => hand.wheel(event));
  on("pointerdown", (event) => hand.down(event));
  on("pointermove", (event) => hand.move(event));
  on("pointerup", (event) => hand.up(event));
  on("pointercancel", (event) => hand.fingers.delete(event.pointerId));
  on("pointerleave", () => hand.tell(""));
  on("dblclick", (event) => hand.doubled(event));
  frame.dataset.hands = "";
}

class Hand {
  /** @param {Session} session @param {HTMLElement} frame @param {(text: string) => void} tell */
  constructor(session, frame, tell) {
    this.session = session;
    this.frame = frame;
    this.pane = /** @type {HTMLElement} */ (frame.parentElement);
    this.tell = tell;
    /** Where each finger is, and where it came down. @type {Map<number, {start: Point, now: Point}>} */
    this.fingers = new Map();
  }

  /** Per cent of the frame. @param {MouseEvent} event @returns {Point} */
  at(event) {
    const { left, top, width, height } = this.frame.getBoundingClientRect();
    return { x: ((event.clientX - left) / width) * 100, y: ((event.clientY - top) / height) * 100 };
  }

  /** @returns {import("./zoom.js").Room} */
  room() {
    return roomOf(this.frame.getBoundingClientRect(), this.pane.getBoundingClientRect());
  }

  /** As the picture stands in this pane. */
  zoom() {
    const { zoom } = this.session.state;
    return zoom.scale > 1 ? keptInside(zoom, this.room()) : zoom;
  }

  /** What is under the pointer, "" beside the picture. @param {MouseEvent} event */
  coordinate(event) {
    const [zoom, at] = [this.zoom(), this.at(event)];
    const isOn = [(at.x - zoom.x) / zoom.scale, (at.y - zoom.y) / zoom.scale].every((share) => share >= 0 && share <= 100);
    const { x, y } = coordinateAt(at, zoom);
    return isOn ? `${x}, ${y}` : "";
  }

  /** @param {WheelEvent} event */
  wheel(event) {
    // Where the page itself scrolls the wheel is the page's; two fingers on a trackpad still zoom.
    if (!event.ctrlKey && document.documentElement.scrollHeight > innerHeight) return;
    event.preventDefault();
    const factor = Math.exp(-event.deltaY / 300);
    this.session.set({ zoom: zoomed(this.zoom(), factor, this.at(event), this.room()) });
  }

  /** @param {PointerEvent} event */
  down(event) {
    if (event.button !== 0) return;
    this.pane.setPointerCapture(event.pointerId);
    const point = { x: event.clientX, y: event.clientY };
    this.fingers.set(event.pointerId, { start: point, now: point });
  }

  /** @param {PointerEvent} event */
  move(event) {
    this.tell(this.coordinate(event));
    const finger = this.fingers.get(event.pointerId);
    if (!finger) return;
    const before = finger.now;
    const spread = this.spread();
    finger.now = { x: event.clientX, y: event.clientY };
    const [zoom, room] = [this.zoom(), this.room()];
    if (this.fingers.size === 2 && spread > 0) {
      this.session.set({ zoom: zoomed(zoom, this.spread() / spread, this.middle(), room) });
    } else if (zoom.scale > 1) {
      const { width, height } = this.frame.getBoundingClientRect();
      const by = { x: ((finger.now.x - before.x) / width) * 100, y: ((finger.now.y - before.y) / height) * 100 };
      this.session.set({ zoom: panned(zoom, by, room) });
    }
  }

  /** Pixels between two fingers. */
  spread() {
    const [one, other] = [...this.fingers.values()];
    return one && other ? Math.hypot(one.now.x - other.now.x, one.now.y - other.now.y) : 0;
  }

  /** Between two fingers, per cent of the frame. */
  middle() {
    const [one, other] = [...this.fingers.values()].map(({ now }) => now);
    return this.at(/** @type {any} */ ({ clientX: (one.x + other.x) / 2, clientY: (one.y + other.y) / 2 }));
  }

  /** @param {PointerEvent} event */
  up(event) {
    const finger = this.fingers.get(event.pointerId);
    this.fingers.delete(event.pointerId);
    if (!finger || this.fingers.size > 0) return;
    const [dx, dy] = [event.clientX - finger.start.x, event.clientY - finger.start.y];
    if (Math.hypot(dx, dy) < STILL_PX) this.read(event);
    else if (event.pointerType === "touch" && this.session.state.zoom.scale === 1) this.flicked(dx, dy);
  }

  /** @param {PointerEvent} event */
  read(event) {
    const coordinate = this.coordinate(event);
    if (!coordinate) return;
    this.session.set({ said: t("task.coordinate", { coordinate }) });
    // The clipboard is there on https and localhost only.
    navigator.clipboard?.writeText(coordinate).catch(() => this.tell(coordinate));
  }

  /** @param {number} dx @param {number} dy */
  flicked(dx, dy) {
    if (Math.abs(dx) < FLICK_PX || Math.abs(dx) < Math.abs(dy)) return;
    this.session.set(changeOf(dx < 0 ? "next" : "previous", this.session.state));
  }

  /** @param {MouseEvent} event */
  doubled(event) {
    const zoom = this.zoom();
    this.session.set({ zoom: zoom.scale > 1 ? UNZOOMED : zoomed(zoom, CLOSER, this.at(event), this.room()) });
  }
}
