// Zoom and pan: one transform moves a picture and what is drawn on it. Pure.
//
// Shifts are per cent of the frame, so that the same zoom fits the pictures of a pair and a resized window.

/** @typedef {{scale: number, x: number, y: number}} Zoom A scale, and what the picture is shifted by. */
/** @typedef {{x: number, y: number}} Point Per cent of the frame, unless it says 0-1000. */

const LARGEST = 8;
/** @type {Zoom} */
export const UNZOOMED = { scale: 1, x: 0, y: 0 };

/** As CSS; the origin of the transform is the top left corner. @param {Zoom} zoom */
export const transformOf = (zoom) => `translate(${zoom.x}%, ${zoom.y}%) scale(${zoom.scale})`;

/** Zoom by a factor while the point under the pointer stays where it is.
 * @param {Zoom} zoom @param {number} factor @param {Point} point */
export function zoomed(zoom, factor, point) {
  const scale = Math.min(Math.max(zoom.scale * factor, 1), LARGEST);
  const growth = scale / zoom.scale;
  const x = point.x - (point.x - zoom.x) * growth;
  const y = point.y - (point.y - zoom.y) * growth;
  return keptInside({ scale, x, y });
}

/** @param {Zoom} zoom @param {Point} by */
export const panned = (zoom, by) => keptInside({ ...zoom, x: zoom.x + by.x, y: zoom.y + by.y });

/** A close-up with a point of the picture in the middle, as far as its edges allow.
 * @param {Point} point 0-1000. @param {number} scale */
export function closeUp(point, scale) {
  return keptInside({ scale, x: 50 - (point.x / 10) * scale, y: 50 - (point.y / 10) * scale });
}

/** The picture never leaves its frame. @param {Zoom} zoom @returns {Zoom} */
function keptInside(zoom) {
  const within = (/** @type {number} */ shift) => Math.min(Math.max(shift, 100 * (1 - zoom.scale)), 0);
  return { scale: zoom.scale, x: within(zoom.x), y: within(zoom.y) };
}

/** The picture's 0-1000 coordinate at a point of the frame. @param {Point} point @param {Zoom} zoom @returns {Point} */
export function coordinateAt(point, zoom) {
  const share = (/** @type {number} */ at, /** @type {number} */ shift) =>
    Math.min(Math.max(Math.round(((at - shift) / zoom.scale) * 10), 0), 1000);
  return { x: share(point.x, zoom.x), y: share(point.y, zoom.y) };
}
