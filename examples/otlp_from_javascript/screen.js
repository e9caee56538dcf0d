// The "phone" of this example: a screen of one colour, as a PNG.
import { crc32, deflateSync } from "node:zlib";

const WIDTH = 270;
const HEIGHT = 600;

/** Return a PNG of one colour. */
export function screen([red, green, blue]) {
  const row = Buffer.alloc(1 + 3 * WIDTH);
  for (let x = 0; x < WIDTH; x += 1) row.set([red, green, blue], 1 + 3 * x);
  const header = Buffer.alloc(13);
  header.writeUInt32BE(WIDTH, 0);
  header.writeUInt32BE(HEIGHT, 4);
  header.set([8, 2, 0, 0, 0], 8);
  return Buffer.concat([
    Buffer.from("89504e470d0a1a0a", "hex"),
    chunk("IHDR", header),
    chunk("IDAT", deflateSync(Buffer.concat(Array(HEIGHT).fill(row)))),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

function chunk(name, data) {
  const body = Buffer.concat([Buffer.from(name, "latin1"), data]);
  const chunk = Buffer.alloc(body.length + 8);
  chunk.writeUInt32BE(data.length, 0);
  body.copy(chunk, 4);
  chunk.writeUInt32BE(crc32(body), body.length + 4);
  return chunk;
}
