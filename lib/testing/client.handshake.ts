import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** Section 1.3 of RFC 6455. */
const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const END_OF_HEAD = '\r\n\r\n';

/** A TCP connection that a WebSocket server has accepted. Paused: nothing more is read until somebody wants it. */
export interface Upgraded {
  readonly socket: Socket;
  /** What came in the same breath as the server's answer. */
  readonly rest: Buffer;
}

/**
 * Connects as a WebSocket client does, down to the `101 Switching Protocols`.
 *
 * @param url of a `ws:` server
 * @param headers further ones of the upgrade request
 * @throws TypeError for a URL that is none, or not of `ws:`
 * @throws Error when nobody listens there, or the server refuses; the sentence holds its status line
 */
export async function upgrade(
  url: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<Upgraded> {
  const { protocol, host, hostname, port, pathname, search } = new URL(url);
  if (protocol !== 'ws:') throw new TypeError(`a faulty peer needs a ws: URL, got ${url}`);
  // Half open is what these peers are for: a FIN of the server must not end our side by itself.
  const socket = connect({
    host: hostname.replace(/^\[|\]$/g, ''),
    port: Number(port || 80),
    allowHalfOpen: true,
    noDelay: true,
  });
  await once(socket, 'connect');
  const key = randomBytes(16).toString('base64');
  const request = {
    host,
    upgrade: 'websocket',
    connection: 'Upgrade',
    'sec-websocket-key': key,
    'sec-websocket-version': '13',
    ...headers,
  };
  const lines = Object.entries(request).map(([name, value]) => `${name}: ${value}`);
  socket.write([`GET ${pathname}${search} HTTP/1.1`, ...lines, '', ''].join('\r\n'));
  try {
    return { socket, rest: afterHead(await readHead(socket), key) };
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

function readHead(socket: Socket): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    let head = Buffer.alloc(0);
    const fail = (error?: Error): void =>
      reject(error ?? new Error('the server hung up during the WebSocket handshake'));
    const read = (data: Buffer): void => {
      head = Buffer.concat([head, data]);
      if (!head.includes(END_OF_HEAD)) return;
      socket.off('data', read).off('end', fail).off('close', fail).off('error', fail);
      socket.pause();
      resolve(head);
    };
    const end = (): void => fail();
    socket.on('data', read).on('end', end).on('error', fail).on('close', end);
  });
}

/** @returns what follows the server's answer @throws Error when it is no acceptance of this key */
function afterHead(bytes: Buffer, key: string): Buffer {
  const end = bytes.indexOf(END_OF_HEAD);
  const [status = '', ...lines] = bytes.toString('latin1', 0, end).split('\r\n');
  if (!/^HTTP\/1\.1 101\b/.test(status))
    throw new Error(`the server refused the WebSocket handshake: ${status}`);
  const accept = createHash('sha1')
    .update(key + GUID)
    .digest('base64');
  const isAccepted = lines.some((line) => {
    const [name = '', value = ''] = line.split(/:\s*/, 2);
    return name.toLowerCase() === 'sec-websocket-accept' && value.trim() === accept;
  });
  if (!isAccepted) throw new Error('the server did not accept the key of the WebSocket handshake');
  return bytes.subarray(end + END_OF_HEAD.length);
}
