// Which pixels of two pictures differ. Pure.

// Pictures are compressed: below this distance (of 255 in one channel) a pixel counts as the same.
const TOLERANCE = 24;
const CHANGED = [255, 64, 96, 235];
const FADE = 150;

/**
 * Compare two pictures of one size.
 * @param {Uint8ClampedArray} one RGBA. @param {Uint8ClampedArray} other RGBA.
 * @returns {{share: number, mask: Uint8ClampedArray<ArrayBuffer>}} Share (0-1) of the pixels that differ; the mask
 *   (RGBA) shows them in red and puts a veil on the others.
 */
export function difference(one, other) {
  const mask = new Uint8ClampedArray(one.length);
  let changed = 0;
  for (let at = 0; at < one.length; at += 4) {
    const distance = Math.max(
      Math.abs(one[at] - other[at]),
      Math.abs(one[at + 1] - other[at + 1]),
      Math.abs(one[at + 2] - other[at + 2]),
    );
    if (distance > TOLERANCE) {
      changed += 1;
      mask.set(CHANGED, at);
    } else {
      mask[at + 3] = FADE;
    }
  }
  return { share: changed / Math.max(one.length / 4, 1), mask };
}
