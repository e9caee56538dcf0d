// Hands on a picture: the wheel and two fingers zoom, dragging pans, a click reads a coordinate, a flick turns the step.

import { useEffect } from "../lib.js";
import { t } from "../i18n.js";
import { changeOf } from "./commands.js";
import { UNZOOMED, coordinateAt, panned, zoomed } from "./zoom.js";

/** @typedef {import("./zoom.js").Point} Point */
/** @typedef {import("./state.js").Session} Session */

const FLICK_PX = 48;
const STILL_PX = 5;
const CLOSER = 2.5;

/**
 * @param {Session} session
 * @param {{current: HTMLElement | null}} frame
 * @param {{current: HTMLElement | null}} readout Shows the coordinate under the pointer; written past Preact, as it
 *   changes with every pixel.
 */
export function usePointer(session, frame, readout) {
  useEffect(() => {
    const element = frame.current;
    if (!element) return undefined;
    const hand = new Hand(session, element, (text) => {
      if (readout.current) readout.current.textContent = text;
    });
    const stop = new AbortController();
    const on = (/** @type {string} */ name, /** @type {(event: any) => void} */ does) =>
      element.addEventListener(name, does, { signal: stop.signal, passive: false });
    on("wheel", (event) => hand.wheel(event));
    on("pointerdown", (event) => hand.down(event));
    on("pointermove", (event) => hand.move(event));
    on("pointerup", (event) => hand.up(event));
    on("pointercancel", (event) => hand.fingers.delete(event.pointerId));
    on("pointerleave", () => hand.tell(""));
    on("dblclick", (event) => hand.doubled(event));
    return () => stop.abort();
  }, [session, frame, readout]);
}

class Hand {
  /** @param {Session} session @param {HTMLElement} element @param {(text: string) => void} tell */
  constructor(session, element, tell) {
    this.session = session;
    this.element = element;
    this.tell = tell;
    /** Where each finger is, and where it came down. @type {Map<number, {start: Point, now: Point}>} */
    this.fingers = new Map();
  }

  /** Per cent of the frame. @param {MouseEvent} event @returns {Point} */
  at(event) {
    const { left, top, width, height } = this.element.getBoundingClientRect();
    return { x: ((event.clientX - left) / width) * 100, y: ((event.clientY - top) / height) * 100 };
  }

  /** @param {MouseEvent} event */
  coordinate(event) {
    const { x, y } = coordinateAt(this.at(event), this.session.state.zoom);
    return `${x}, ${y}`;
  }

  /** @param {WheelEvent} event */
  wheel(event) {
    // Where the page itself scrolls the wheel is the page's; two fingers on a trackpad still zoom.
    if (!event.ctrlKey && document.documentElement.scrollHeight > innerHeight) return;
    event.preventDefault();
    const factor = Math.exp(-event.deltaY / 300);
    this.session.set({ zoom: zoomed(this.session.state.zoom, factor, this.at(event)) });
  }

  /** @param {PointerEvent} event */
  down(event) {
    if (event.button !== 0) return;
    this.element.setPointerCapture(event.pointerId);
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
    const { zoom } = this.session.state;
    if (this.fingers.size === 2 && spread > 0) {
      this.session.set({ zoom: zoomed(zoom, this.spread() / spread, this.at(event)) });
    } else if (zoom.scale > 1) {
      const { width, height } = this.element.getBoundingClientRect();
      const by = { x: ((finger.now.x - before.x) / width) * 100, y: ((finger.now.y - before.y) / height) * 100 };
      this.session.set({ zoom: panned(zoom, by) });
    }
  }

  /** Pixels between two fingers. */
  spread() {
    const [one, other] = [...this.fingers.values()];
    return one && other ? Math.hypot(one.now.x - other.now.x, one.now.y - other.now.y) : 0;
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
    const { zoom } = this.session.state;
    this.session.set({ zoom: zoom.scale > 1 ? UNZOOMED : zoomed(zoom, CLOSER, this.at(event)) });
  }
}
