// Whether the server answers. A question that it does not hear waits until it does: nobody is told that there is
// nothing, while nobody knows.

/** @typedef {"ok" | "away" | "denied"} Standing Denied: it answers, but not us. */

const RETRY_MS = [1000, 2000, 5000, 15000];
// What a proxy says in place of a server that is away; our own words for it are JSON.
const AWAY = [502, 503, 504];

export class Connection {
  constructor() {
    /** @type {Standing} */
    this.standing = "ok";
    /** @type {Set<() => void>} */
    this.watchers = new Set();
    /** Questions that wait, and for what. @type {Map<object, Standing>} */
    this.waiting = new Map();
    /** @type {Set<() => void>} */
    this.pauses = new Set();
    this.failures = 0;
  }

  /**
   * What the server answers to a question, however long that takes.
   * @param {string} path @param {RequestInit} init @returns {Promise<Response>}
   */
  async read(path, init) {
    const question = {};
    for (;;) {
      const answer = await tried(path, init);
      const standing = standingOf(answer);
      if (answer && standing === "ok") {
        this.waiting.delete(question);
        this.failures = 0;
        this.tell();
        this.retry();
        return answer;
      }
      this.waiting.set(question, standing);
      this.tell();
      await this.pause();
    }
  }

  /** Ask at once what waits. */
  retry() {
    for (const go of [...this.pauses]) go();
  }

  /** @param {() => void} watcher @returns {() => void} stops it */
  watch(watcher) {
    this.watchers.add(watcher);
    return () => void this.watchers.delete(watcher);
  }

  pause() {
    const ms = RETRY_MS[Math.min(this.failures++, RETRY_MS.length - 1)];
    return /** @type {Promise<void>} */ (
      new Promise((resolve) => {
        const go = () => {
          clearTimeout(timer);
          this.pauses.delete(go);
          resolve();
        };
        const timer = setTimeout(go, ms);
        this.pauses.add(go);
      })
    );
  }

  tell() {
    const all = [...this.waiting.values()];
    const standing = all.find((each) => each === "denied") ?? all[0] ?? "ok";
    if (standing === this.standing) return;
    this.standing = standing;
    for (const watcher of [...this.watchers]) watcher();
  }
}

/** @param {string} path @param {RequestInit} init @returns {Promise<Response | null>} */
const tried = (path, init) => fetch(path, init).catch(() => null);

/** @param {Response | null} answer @returns {Standing} */
function standingOf(answer) {
  if (!answer) return "away";
  if (answer.status === 401) return "denied";
  const isOurs = answer.headers.get("content-type")?.startsWith("application/json");
  return AWAY.includes(answer.status) && !isOurs ? "away" : "ok";
}
