import { crc32, deflateSync, inflateSync } from 'node:zlib';

/**
 * The same picture in fewer bytes, for a repository: Chromium compresses for speed. Flat areas and text repeat themselves,
 * and are found again best without the filters that help photographs (PNG specification, section 9).
 *
 * @param {Buffer} png 8 bits, RGB, not interlaced: what Chromium writes
 */
export function smaller(png) {
  const parts = chunks(png);
  const header = parts.find(({ type }) => type === 'IHDR').data;
  if (header.readUInt8(8) !== 8 || header.readUInt8(9) !== 2) throw new Error('no 8-bit RGB picture');
  const filtered = inflateSync(
    Buffer.concat(parts.filter(({ type }) => type === 'IDAT').map(({ data }) => data)),
  );
  const lines = unfiltered(filtered, 3 * header.readUInt32BE(0), header.readUInt32BE(4));
  const data = deflateSync(lines, { level: 9, memLevel: 9 });
  return Buffer.concat([
    png.subarray(0, 8),
    chunk('IHDR', header),
    chunk('IDAT', data),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function chunks(png) {
  const found = [];
  for (let at = 8; at < png.length;) {
    const length = png.readUInt32BE(at);
    const type = png.toString('latin1', at + 4, at + 8);
    found.push({ type, data: png.subarray(at + 8, at + 8 + length) });
    at += 12 + length;
  }
  return found;
}

function chunk(type, data) {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  check.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, check]);
}

/** Each line begins with the number of its filter, which is none in what is returned. */
function unfiltered(bytes, width, height) {
  const lines = Buffer.alloc(bytes.length);
  for (let y = 0; y < height; y++) {
    const start = y * (width + 1) + 1;
    const filter = bytes[start - 1];
    for (let x = 0; x < width; x++) {
      const left = x < 3 ? 0 : lines[start + x - 3];
      const up = y === 0 ? 0 : lines[start + x - width - 1];
      const corner = x < 3 || y === 0 ? 0 : lines[start + x - width - 4];
      lines[start + x] = bytes[start + x] + predicted(filter, left, up, corner);
    }
  }
  return lines;
}

function predicted(filter, left, up, corner) {
  if (filter === 4) return nearest(left + up - corner, left, up, corner);
  return [0, left, up, (left + up) >> 1][filter];
}

/** Paeth's predictor (PNG specification, section 9.4). */
function nearest(guess, left, up, corner) {
  const [a, b, c] = [left, up, corner].map((value) => Math.abs(guess - value));
  if (a <= b && a <= c) return left;
  return b <= c ? up : corner;
}
