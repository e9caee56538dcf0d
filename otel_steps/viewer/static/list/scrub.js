// Moving the pointer along a task's key frames goes through all its steps. Pure.

/**
 * Which step the pointer is at: at the middle of a frame it is that frame's, between two it is one between.
 * @param {number} x Pixels from the strip's start.
 * @param {number[]} middles Pixels, of each frame.
 * @param {number[]} positions Of each frame's step.
 */
export function positionAt(x, middles, positions) {
  const after = middles.findIndex((middle) => x <= middle);
  if (after === 0) return positions[0];
  if (after < 0) return positions[positions.length - 1];
  const share = (x - middles[after - 1]) / (middles[after] - middles[after - 1]);
  return Math.round(positions[after - 1] + share * (positions[after] - positions[after - 1]));
}

/**
 * The nearest step up to this one that has a picture.
 * @param {(string | null)[]} pictures @param {number} position
 * @returns {{position: number, picture: string} | null}
 */
export function pictureUpTo(pictures, position) {
  for (let at = position; at >= 0; at--) {
    const picture = pictures[at];
    if (picture) return { position: at, picture };
  }
  return null;
}
