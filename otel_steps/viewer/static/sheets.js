// Style sheets that come with what needs them.

/** @type {Map<string, Promise<any>>} */
const started = new Map();

/** Start something once, and again only where it failed.
 * @param {string} name @param {() => Promise<any>} start @returns {Promise<any>} */
export function once(name, start) {
  const running = started.get(name) ?? start();
  started.set(name, running);
  running.catch(() => started.delete(name));
  return running;
}

/** Load a style sheet. @param {string} name @returns {Promise<any>} */
export function sheet(name) {
  // The page of an export has all of them in itself, and its modules have no place beside it.
  if (import.meta.url.startsWith("data:")) return Promise.resolve();
  return once(name, () => {
    const { href } = new URL(name, import.meta.url);
    const link = Object.assign(document.createElement("link"), { rel: "stylesheet", href });
    document.head.append(link);
    return new Promise((resolve, reject) => {
      link.onload = resolve;
      link.onerror = () => reject(new Error(`${name} cannot be loaded`));
    });
  });
}
