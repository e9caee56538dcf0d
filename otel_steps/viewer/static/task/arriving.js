// What is told of a file by what has arrived of it. Pure.

// In the file each picture stands behind this.
const MARK = [...'data-picture="'].map((each) => each.charCodeAt(0));

/** @returns {(chunk: Uint8Array) => number} Takes the pieces in their order; returns how many pictures have begun. */
export function pictureCounter() {
  let count = 0;
  let matched = 0;
  return (chunk) => {
    for (const byte of chunk) {
      // No beginning of the mark stands within it again, so a miss begins anew.
      matched = byte === MARK[matched] ? matched + 1 : byte === MARK[0] ? 1 : 0;
      if (matched === MARK.length) {
        count++;
        matched = 0;
      }
    }
    return count;
  };
}

/** @param {string | null} disposition As in RFC 6266. */
export function fileName(disposition) {
  const [, encoded] = disposition?.match(/filename\*=UTF-8''([^;]+)/) ?? [];
  try {
    return decodeURIComponent(encoded ?? "") || "task.html";
  } catch {
    return "task.html";
  }
}
