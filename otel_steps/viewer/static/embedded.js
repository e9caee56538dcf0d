// What `HttpSource` asks a server for, answered from the page itself: the source of an export.

/** @typedef {{step: any, screenshot: any, usage: any, script: any}} Detail */
/** @typedef {{task: any, usage: any, why: any, index: any, steps: Record<string, Detail>, spans: any[], waterfall: any}} Data */

/**
 * @param {any} span
 * @param {string} parent
 * @param {Map<string, any>} byId
 * @returns {boolean}
 */
function isBelow(span, parent, byId) {
  const seen = new Set();
  for (let at = span.parent_span_id; at && !seen.has(at); at = byId.get(at)?.parent_span_id) {
    if (at === parent) return true;
    seen.add(at);
  }
  return false;
}

/** Turns base64 into an address for an `<img>`; the browser decodes it when it is shown.
 * @param {string} text */
function blobUrl(text) {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  return URL.createObjectURL(new Blob([bytes]));
}

export class EmbeddedSource {
  /** @param {Data} data @param {Document} page */
  constructor(data, page) {
    this.data = data;
    this.page = page;
    /** @type {Map<string, string>} */
    this.urls = new Map();
  }

  async task() {
    return { task: this.data.task, usage: this.data.usage, why: this.data.why };
  }

  async index() {
    return this.data.index;
  }

  /** @param {string} _task @param {string} step */
  async step(_task, step) {
    return this.data.steps[step];
  }

  /** @param {string} _task @param {string} text */
  async search(_task, text) {
    const wanted = text.toLowerCase();
    const columns = ["thinking", "app", "error_message", "action", "action_result"];
    const ids = this.data.index.id.filter((/** @type {string} */ id) => {
      const { step } = this.data.steps[id];
      return columns.some((name) => {
        const value = typeof step[name] === "string" ? step[name] : JSON.stringify(step[name] ?? "");
        return value.toLowerCase().includes(wanted);
      });
    });
    return { ids };
  }

  /** @param {string} _task @param {string} [step] */
  async spans(_task, step) {
    if (step === undefined) return { spans: this.data.spans };
    const parent = this.data.steps[step].step.span_id;
    const byId = new Map(this.data.spans.map((span) => [span.span_id, span]));
    return { spans: this.data.spans.filter((span) => isBelow(span, parent, byId)) };
  }

  async waterfall() {
    return this.data.waterfall;
  }

  async health() {
    return { store: "", pack: null, waiting: 0, pictures_waiting: 0, dead: 0, pictures_dead: 0, problems: [], trace_url: null };
  }

  /** @param {string} sha256 @returns {string} */
  imageUrl(sha256) {
    let url = this.urls.get(sha256);
    if (url === undefined) {
      const text = this.page.querySelector(`[data-picture="${sha256}"]`)?.textContent;
      url = text ? blobUrl(text) : "";
      this.urls.set(sha256, url);
    }
    return url;
  }
}
