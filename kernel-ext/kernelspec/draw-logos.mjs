// Draws logo-32x32.png and logo-64x64.png: the shapes of logo-svg.svg, without a dependency.
import { writeFileSync } from 'node:fs';
import { crc32, deflateSync } from 'node:zlib';

const blue = [31, 95, 168];
const white = [255, 255, 255];
const lines = [
  [18, 22, 30, 40],
  [46, 22, 34, 40],
  [24, 17, 40, 17],
];
const circles = [
  [16, 17, 8, [255, 180, 84]],
  [48, 17, 8, white],
  [32, 46, 9, [127, 209, 174]],
];

/** Colour at a point of the 64 × 64 drawing, with its opacity. */
function colour(x, y) {
  for (const [cx, cy, r, fill] of circles)
    if (Math.hypot(x - cx, y - cy) <= r) return [...fill, 255];
  for (const [x1, y1, x2, y2] of lines) {
    const along = ((x - x1) * (x2 - x1) + (y - y1) * (y2 - y1)) / ((x2 - x1) ** 2 + (y2 - y1) ** 2);
    const t = Math.min(1, Math.max(0, along));
    if (Math.hypot(x - x1 - t * (x2 - x1), y - y1 - t * (y2 - y1)) <= 2) return [...white, 255];
  }
  const dx = Math.max(12 - x, 0, x - 52);
  const dy = Math.max(12 - y, 0, y - 52);
  return Math.hypot(dx, dy) <= 12 ? [...blue, 255] : [0, 0, 0, 0];
}

function chunk(type, data) {
  const body = Buffer.concat([Buffer.from(type), data]);
  const out = Buffer.alloc(body.length + 8);
  out.writeUInt32BE(data.length);
  body.copy(out, 4);
  out.writeUInt32BE(crc32(body), body.length + 4);
  return out;
}

function png(size) {
  const samples = 4;
  const rows = Buffer.alloc(size * (4 * size + 1));
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      const sum = [0, 0, 0, 0];
      for (let i = 0; i < samples * samples; i++) {
        const at = (k) => ((k + 0.5) / samples) * (64 / size);
        const c = colour(
          (x * 64) / size + at(i % samples),
          (y * 64) / size + at(Math.floor(i / samples)),
        );
        for (let k = 0; k < 3; k++) sum[k] += c[k] * c[3];
        sum[3] += c[3];
      }
      const place = y * (4 * size + 1) + 1 + 4 * x;
      for (let k = 0; k < 3; k++) rows[place + k] = sum[3] ? sum[k] / sum[3] : 0;
      rows[place + 3] = sum[3] / samples ** 2;
    }
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(size);
  header.writeUInt32BE(size, 4);
  header.set([8, 6, 0, 0, 0], 8);
  const signature = Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]);
  return Buffer.concat([
    signature,
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(rows)),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

for (const size of [32, 64]) {
  writeFileSync(new URL(`logo-${size}x${size}.png`, import.meta.url), png(size));
}
