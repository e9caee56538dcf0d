// Zoom and pan: one transform moves a picture and what is drawn on it. Pure.
//
// Shifts are per cent of the frame, so that the same zoom fits the pictures of a pair and a resized window.
// A frame is the picture as it fits into its pane; what is left of the pane beside it is the picture's room to grow.

/** @typedef {{scale: number, x: number, y: number}} Zoom A scale, and what the picture is shifted by. */
/** @typedef {{x: number, y: number}} Point Per cent of the frame, unless it says 0-1000. */
/** @typedef {{left: number, right: number, top: number, bottom: number}} Room Beside the frame, per cent of it. */

const LARGEST = 8;
/** @type {Zoom} */
export const UNZOOMED = { scale: 1, x: 0, y: 0 };
/** @type {Room} */
export const SNUG = { left: 0, right: 0, top: 0, bottom: 0 };

/** As CSS; the origin of the transform is the top left corner. @param {Zoom} zoom */
export const transformOf = (zoom) => `translate(${zoom.x}%, ${zoom.y}%) scale(${zoom.scale})`;

/** Zoom by a factor while the point under the pointer stays where it is.
 * @param {Zoom} zoom @param {number} factor @param {Point} point @param {Room} [room] */
export function zoomed(zoom, factor, point, room = SNUG) {
  const scale = Math.min(Math.max(zoom.scale * factor, 1), LARGEST);
  const growth = scale / zoom.scale;
  const x = point.x - (point.x - zoom.x) * growth;
  const y = point.y - (point.y - zoom.y) * growth;
  return keptInside({ scale, x, y }, room);
}

/** @param {Zoom} zoom @param {Point} by @param {Room} [room] */
export const panned = (zoom, by, room = SNUG) => keptInside({ ...zoom, x: zoom.x + by.x, y: zoom.y + by.y }, room);

/** A close-up with a point of the picture in the middle, as far as its edges allow.
 * @param {Point} point 0-1000. @param {number} scale */
export function closeUp(point, scale) {
  return keptInside({ scale, x: 50 - (point.x / 10) * scale, y: 50 - (point.y / 10) * scale }, SNUG);
}

/**
 * The picture grows as far as its pane, and then never leaves it.
 * @param {Zoom} zoom @param {Room} room @returns {Zoom}
 */
export function keptInside({ scale, x, y }, { left, right, top, bottom }) {
  return { scale, x: within(x, scale, left, right), y: within(y, scale, top, bottom) };
}

/**
 * @typedef {{left: number, right: number, top: number, bottom: number, width: number, height: number}} Box Pixels.
 * @param {Box} frame @param {Box} pane @returns {Room}
 */
export function roomOf(frame, pane) {
  const [x, y] = [100 / frame.width, 100 / frame.height];
  return {
    left: (frame.left - pane.left) * x, right: (pane.right - frame.right) * x,
    top: (frame.top - pane.top) * y, bottom: (pane.bottom - frame.bottom) * y,
  };
}

/** @param {number} shift @param {number} scale @param {number} before @param {number} after */
function within(shift, scale, before, after) {
  const rest = 100 + before + after - 100 * scale;
  // While it leaves some of the pane empty, it stays where it stood, as a share of what is empty.
  if (rest > 0) return before && (rest * before) / (before + after) - before;
  return Math.min(Math.max(shift, 100 + after - 100 * scale), 0 - before);
}

/**
 * Whether two pictures are larger above one another than side by side.
 * @param {{width: number, height: number}} view Pixels. @param {number[]} ratios Width by height of each.
 */
export function isStacked({ width, height }, ratios) {
  const area = (/** @type {number} */ wide, /** @type {number} */ high) =>
    ratios.reduce((sum, ratio) => sum + Math.min(wide, high * ratio) ** 2 / ratio, 0);
  return area(width, height / 2) > area(width / 2, height);
}

/** The picture's 0-1000 coordinate at a point of the frame. @param {Point} point @param {Zoom} zoom @returns {Point} */
export function coordinateAt(point, zoom) {
  const share = (/** @type {number} */ at, /** @type {number} */ shift) =>
    Math.min(Math.max(Math.round(((at - shift) / zoom.scale) * 10), 0), 1000);
  return { x: share(point.x, zoom.x), y: share(point.y, zoom.y) };
}
