// The server's answers. Every method resolves to the `data` of the envelope.

import { Connection } from "./connection.js";
import { segmentOf } from "./route.js";

/** What the server said no to, or that it said nothing; `status` is 0 then. */
export class SourceError extends Error {
  /** @param {string} message @param {{status: number, code: string}} facts */
  constructor(message, { status, code }) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** @typedef {Record<string, (data: any) => void>} Handlers */

const RETRY_MS = [1000, 2000, 5000, 15000];

export class HttpSource {
  constructor() {
    this.connection = new Connection();
  }

  /** @param {string} path @returns {Promise<any>} */
  async asked(path) {
    return dataOf(await this.connection.read(path, { credentials: "same-origin" }));
  }

  /** @param {Record<string, string | number>} params As in the address of `GET /api/tasks`. */
  tasks(params) {
    return this.asked(`api/tasks?${new URLSearchParams(/** @type {any} */ (params))}`);
  }

  /** @param {string} id */
  task(id) {
    return this.asked(taskPath(id));
  }

  /** @param {string} id */
  index(id) {
    return this.asked(`${taskPath(id)}/index`);
  }

  /** @param {string} id @param {string} stepId */
  step(id, stepId) {
    return this.asked(`${taskPath(id)}/steps/${encodeURIComponent(stepId)}`);
  }

  /** @param {string} id @param {number} number Of a step. */
  similar(id, number) {
    return this.asked(`${taskPath(id)}/steps/${number}/similar`);
  }

  /** @param {string} id @param {string} text */
  search(id, text) {
    return this.asked(`${taskPath(id)}/search?q=${encodeURIComponent(text)}`);
  }

  /** @param {string} id @param {string} [stepId] */
  spans(id, stepId) {
    return this.asked(`${taskPath(id)}/spans${stepId === undefined ? "" : `?step=${encodeURIComponent(stepId)}`}`);
  }

  /** @param {string} id */
  waterfall(id) {
    return this.asked(`${taskPath(id)}/waterfall`);
  }

  /** @param {string} id @param {any} written Tags, notes and scores, and what was `seen`. @param {string} [stepId] */
  annotate(id, written, stepId) {
    return this.post(`${taskPath(id)}${stepId ? `/steps/${stepId}` : ""}/annotations`, written);
  }

  /** @param {string} path @param {any} written */
  post(path, written) {
    return fetch(path, {
      method: "POST",
      credentials: "same-origin",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(written),
    }).then(dataOf, unheard);
  }

  statistics() {
    return this.asked("api/statistics");
  }

  usage() {
    return this.asked("api/statistics/usage");
  }

  health() {
    return this.asked("api/health");
  }

  /** @param {string} a @param {string} b @param {string[]} [pins] As in the page's address: `6-9`. */
  compare(a, b, pins = []) {
    return this.asked(`api/compare?${new URLSearchParams([["a", a], ["b", b], ...pins.map((pin) => ["pin", pin])])}`);
  }

  /** @param {string} id */
  runs(id) {
    return this.asked(`${taskPath(id)}/runs`);
  }

  /** @param {string} sha256 @param {number} [width] The kept picture is at least this wide. */
  imageUrl(sha256, width) {
    return `img/${sha256}${width === undefined ? "" : `?w=${width}`}`;
  }

  /** @param {string} id @param {string} format @param {boolean} [isPublic] Only what may be published. */
  exportUrl(id, format, isPublic) {
    return `${taskPath(id)}/export.${format}${isPublic ? "?public=true" : ""}`;
  }

  /**
   * What changes in a task, until it ends: see the server's events. `reset` asks to fetch the index anew.
   * @param {string} id @param {Handlers} handlers
   * @param {() => string | undefined} [since] The version that the reader has.
   * @returns {() => void} stops it
   */
  live(id, handlers, since) {
    return listened(`${taskPath(id)}/events`, { handlers, since, missed: handlers.reset, lost: this.lost });
  }

  /**
   * That the list has changed.
   * @param {{changed: (data: any) => void}} handlers @param {() => string | undefined} [since]
   * @returns {() => void} stops it
   */
  liveList(handlers, since) {
    return listened("api/events", { handlers, since, missed: handlers.changed, lost: this.lost });
  }

  /** A stream has ended: whether the server is still there, the next question tells. */
  lost = () => void this.health().catch(() => undefined);
}

/** @param {string} id */
const taskPath = (id) => `api/tasks/${segmentOf(id)}`;

/** @param {Response} answer @returns {Promise<any>} */
async function dataOf(answer) {
  const body = await answer.json().catch(() => ({}));
  if (answer.ok) return body.data;
  const { message = `HTTP ${answer.status}`, code = "unknown" } = body.error ?? {};
  throw new SourceError(message, { status: answer.status, code });
}

/** @param {unknown} error @returns {never} */
function unheard(error) {
  throw new SourceError(String(error), { status: 0, code: "unreachable" });
}

/**
 * Listen to server-sent events while the page is seen: a browser keeps six connections to a server, and a
 * stream takes one of them.
 * @param {string} path @param {Listening} how @returns {() => void} stops it
 */
function listened(path, how) {
  const stream = new Stream(path, how);
  return () => stream.stop();
}

/**
 * @typedef {object} Listening
 * @property {Handlers} handlers By the event's name.
 * @property {() => string | undefined} [since] The version that the reader has: the server sends what came since.
 * @property {() => void} lost Called when the stream breaks off.
 * @property {(data: any) => void} [missed] Called after a pause where nobody knows the version.
 */

/** @param {string} text @returns {any} undefined where it is no JSON */
function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

class Stream {
  /** @param {string} path @param {Listening} how */
  constructor(path, how) {
    this.path = path;
    this.how = how;
    /** @type {EventSource | null} */
    this.source = null;
    this.failures = 0;
    this.timer = 0;
    this.turn = () => {
      if (document.hidden) this.close();
      else if (!this.source) this.resume();
    };
    document.addEventListener("visibilitychange", this.turn);
    if (!document.hidden) this.open();
  }

  stop() {
    document.removeEventListener("visibilitychange", this.turn);
    this.close();
  }

  close() {
    clearTimeout(this.timer);
    this.source?.close();
    this.source = null;
  }

  resume() {
    this.open();
    if (this.how.since?.() === undefined) this.how.missed?.({});
  }

  open() {
    this.close();
    const version = this.how.since?.();
    const source = new EventSource(version === undefined ? this.path : `${this.path}?since=${encodeURIComponent(version)}`);
    this.source = source;
    source.onopen = () => {
      this.failures = 0;
    };
    // The browser connects again by itself, unless the server has said no.
    source.onerror = () => {
      this.how.lost();
      if (source.readyState !== EventSource.CLOSED) return;
      this.timer = setTimeout(() => this.resume(), RETRY_MS[Math.min(this.failures++, RETRY_MS.length - 1)]);
    };
    for (const [name, handle] of Object.entries(this.how.handlers)) {
      source.addEventListener(name, (event) => {
        const data = parsed(/** @type {MessageEvent} */ (event).data || "{}");
        // What an event that nobody understands has told is asked for.
        if (data === undefined) return void this.how.missed?.({});
        if (name === "end") this.stop();
        handle(data);
      });
    }
  }
}
