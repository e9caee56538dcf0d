// What differs between two pictures: the share of pixels, and a mask to lay over them.

import { html, useEffect, useRef, useState } from "../lib.js";
import { t } from "../i18n.js";
import { difference } from "./pixels.js";

/** @typedef {{share: number, mask: Uint8ClampedArray<ArrayBuffer>, width: number, height: number}} Found */
/** @typedef {{isDone: boolean, found: Found | null, error: string}} Differing */

const WIDTH = 540;
// Who holds a key down passes by many pictures.
const WAIT_MS = 120;

/**
 * Compares two pictures, once they stay.
 * @param {any} source @param {string | null} one @param {string | null} other @returns {Differing}
 */
export function useDifference(source, one, other) {
  const [state, setState] = useState({ key: "", found: /** @type {Found | null} */ (null), error: "" });
  const key = `${one} ${other}`;
  useEffect(() => {
    if (!one || !other) return undefined;
    let isWanted = true;
    const timer = setTimeout(() => {
      compared(source, one, other).then(
        (found) => isWanted && setState({ key, found, error: "" }),
        (error) => isWanted && setState({ key, found: null, error: String(error?.message ?? error) }),
      );
    }, WAIT_MS);
    return () => {
      isWanted = false;
      clearTimeout(timer);
    };
  }, [source, key]);
  const isDone = state.key === key;
  return { isDone, found: isDone ? state.found : null, error: isDone ? state.error : "" };
}

/** @param {any} source @param {string} one @param {string} other @returns {Promise<Found>} */
async function compared(source, one, other) {
  const images = await Promise.all([one, other].map((name) => decoded(source.imageUrl(name, WIDTH))));
  const [{ naturalWidth, naturalHeight }] = images;
  const width = Math.min(WIDTH, naturalWidth);
  const height = Math.max(Math.round((naturalHeight * width) / naturalWidth), 1);
  // The second is drawn in the first one's size: a phone that was turned differs all over, as it should.
  const [first, second] = images.map((image) => pixelsOf(image, width, height));
  return { ...difference(first, second), width, height };
}

/** @param {string} url */
async function decoded(url) {
  const image = new Image();
  image.src = url;
  await image.decode();
  return image;
}

/** @param {HTMLImageElement} image @param {number} width @param {number} height */
function pixelsOf(image, width, height) {
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  const pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d", { willReadFrequently: true }));
  pen.drawImage(image, 0, 0, width, height);
  return pen.getImageData(0, 0, width, height).data;
}

/** Lies over the first of the two pictures. @param {{found: Found | null}} props */
export function Mask({ found }) {
  const canvas = useRef(/** @type {HTMLCanvasElement | null} */ (null));
  useEffect(() => {
    if (!found || !canvas.current) return;
    const { mask, width, height } = found;
    Object.assign(canvas.current, { width, height });
    canvas.current.getContext("2d")?.putImageData(new ImageData(mask, width, height), 0, 0);
  }, [found]);
  return html`<canvas class="difference" ref=${canvas} hidden=${!found}></canvas>`;
}

/** @param {Differing} differing */
export function differenceText({ isDone, found, error }) {
  if (!isDone) return t("task.diff.waiting");
  if (!found) return t("task.diff.failed", { error });
  if (found.share === 0) return t("task.diff.same");
  return t("task.diff.share", { share: shareText(found.share) });
}

/** Per cent, with what counts of a small one. @param {number} share */
export const shareText = (share) => (share * 100).toFixed(share < 0.1 ? 2 : 1);
