// What changed between two pictures: the share of pixels, and where they are.

import { html, useEffect, useRef, useState } from "../lib.js";
import { t } from "../i18n.js";
import { NoPicture, Picture } from "./picture.js";
import { difference } from "./pixels.js";
import { useFact } from "./state.js";
import { pictureAfter } from "./steps.js";

/** @typedef {import("./bodies.js").Kit} Kit */
/** @typedef {import("./stage.js").Parts} Parts */

const WIDTH = 540;

/** @param {Parts} props */
export default function Difference({ kit, position, body, hasOverlay }) {
  const index = useFact(kit.session, (state) => state.index);
  const before = index.picture[position];
  const after = pictureAfter(index, position);
  const { canvas, isDone, share, error } = useDifference(kit, before, after);
  if (!before || !after) return html`<${NoPicture} text=${t(before ? "task.picture.noLater" : "task.picture.none")} />`;
  return html`<div class="single"><figure>
    <figcaption role="status" data-difference=${isDone ? share : undefined}>${captionOf(isDone, share, error)}</figcaption>
    <${Picture} ...${{ kit, position, body, hasOverlay }} side="before">
      <canvas class="difference" ref=${canvas} hidden=${!isDone || error !== ""}></canvas>
    <//>
  </figure></div>`;
}

/**
 * Compares two pictures and paints what differs on the canvas.
 * @param {Kit} kit @param {string | null} before @param {string | null} after
 */
function useDifference(kit, before, after) {
  const canvas = useRef(/** @type {HTMLCanvasElement | null} */ (null));
  const [state, setState] = useState({ key: "", share: 0, error: "" });
  const key = `${before} ${after}`;
  useEffect(() => {
    if (!before || !after) return undefined;
    let isWanted = true;
    compared(kit, before, after).then(
      ({ share, mask, width, height }) => {
        if (!isWanted || !canvas.current) return;
        Object.assign(canvas.current, { width, height });
        canvas.current.getContext("2d")?.putImageData(new ImageData(mask, width, height), 0, 0);
        setState({ key, share, error: "" });
      },
      (error) => isWanted && setState({ key, share: 0, error: String(error?.message ?? error) }),
    );
    return () => {
      isWanted = false;
    };
  }, [kit, key]);
  return { canvas, isDone: state.key === key, share: state.share, error: state.error };
}

/** @param {boolean} isDone @param {number} share @param {string} error */
function captionOf(isDone, share, error) {
  if (!isDone) return t("task.diff.waiting");
  if (error) return t("task.diff.failed", { error });
  if (share === 0) return t("task.diff.same");
  return t("task.diff.share", { share: (share * 100).toFixed(share < 0.1 ? 2 : 1) });
}

/** @param {Kit} kit @param {string} before @param {string} after */
async function compared({ source }, before, after) {
  const images = await Promise.all([before, after].map((name) => decoded(source.imageUrl(name, WIDTH))));
  const [{ naturalWidth, naturalHeight }] = images;
  const width = Math.min(WIDTH, naturalWidth);
  const height = Math.max(Math.round((naturalHeight * width) / naturalWidth), 1);
  // The second is drawn in the first one's size: a phone that was turned differs all over, as it should.
  const [one, other] = images.map((image) => pixelsOf(image, width, height));
  return { ...difference(one, other), width, height };
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
