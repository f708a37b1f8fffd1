// As much of RFC 6455 as a client needs that is to cost next to nothing.
export const OPCODE = { text: 1, binary: 2, close: 8, ping: 9, pong: 10 };

/** A masked frame whose mask is zero: it is allowed, and costs nothing. */
export function frame(opcode, payload) {
  const { length } = payload;
  const head = Buffer.alloc(length < 126 ? 6 : 8);
  head[0] = 0x80 | opcode;
  if (length < 126) head[1] = 0x80 | length;
  else {
    head[1] = 0x80 | 126;
    head.writeUInt16BE(length, 2);
  }
  return Buffer.concat([head, payload]);
}

/**
 * Hands over every whole frame.
 *
 * @returns the bytes that are no whole frame yet
 */
export function readFrames(data, found) {
  let at = 0;
  while (data.length - at >= 2) {
    let length = data[at + 1] & 0x7f;
    let head = 2;
    if (length === 126) {
      if (data.length - at < 4) break;
      length = data.readUInt16BE(at + 2);
      head = 4;
    }
    if (data.length - at < head + length) break;
    found(data[at] & 0x0f, data.subarray(at + head, at + head + length));
    at += head + length;
  }
  return at === data.length ? undefined : data.subarray(at);
}

/** The request for an upgrade. */
export function upgradeRequest(path) {
  return [
    `GET ${path} HTTP/1.1`,
    'Host: bench',
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    '',
    '',
  ].join('\r\n');
}
