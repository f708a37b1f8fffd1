import { WebSocket } from 'ws';

import { now } from './monotonic.mjs';

/** Compressed answers spend several turns of the server's event loop in its inflater. */
const PADDING = 'x'.repeat(200);

/** One client: answers heartbeats, sends messages of the app if it is chatty, and dies in the way it is told to. */
export class SoakClient {
  #socket;
  #isSilent = false;
  #isCompressed;
  /** When it was last asked, and when the kernel had its last answer. */
  #askedAt;
  #answeredAt;

  constructor({ id, url, isCompressed, tell }) {
    this.#isCompressed = isCompressed;
    // Compressors that are kept cost 300 KB per connection.
    const compression = { threshold: 0, clientNoContextTakeover: true, serverNoContextTakeover: true };
    this.#socket = new WebSocket(url, {
      perMessageDeflate: isCompressed ? compression : false,
      headers: { 'user-agent': id },
    });
    this.#socket.on('open', () => tell('opened', id));
    this.#socket.on('message', (data) => this.#hear(data));
    this.#socket.on('close', (code) =>
      tell('closed', id, { code, askedAt: this.#askedAt, answeredAt: this.#answeredAt }),
    );
    this.#socket.on('error', (error) => this.isOpening && tell('failed', id, error.message));
  }

  get isOpening() {
    return this.#socket.readyState === WebSocket.CONNECTING;
  }

  get isOpen() {
    return this.#socket.readyState === WebSocket.OPEN;
  }

  /** A message for the app. */
  chat() {
    if (this.isOpen && !this.#isSilent)
      this.#socket.send(JSON.stringify({ event: 'note', data: 'still here' }));
  }

  /** Says goodbye as clients should. */
  clean() {
    this.#socket.close(1000);
  }

  /** The TCP connection ends without a close frame. */
  fin() {
    this.#socket.terminate();
  }

  /** The TCP connection is reset. */
  rst() {
    this.#socket._socket.resetAndDestroy();
  }

  /** Reads and says nothing more, as if its line were cut; the kernel goes on to acknowledge what comes. */
  paused() {
    this.#isSilent = true;
    this.#socket.pause();
  }

  /** Its program is gone, but something still answers protocol pings and close frames, as a proxy does. */
  proxy() {
    this.#isSilent = true;
  }

  /** The same, but nobody answers the close frame (`ws` does it in its listener for the receiver's `conclude`). */
  deaf() {
    this.#isSilent = true;
    this.#socket._receiver.removeAllListeners('conclude');
  }

  /** Frees what is left after the server has closed the connection. */
  bury() {
    this.#socket.terminate();
  }

  #hear(data) {
    if (this.#isSilent) return;
    const { type, ts } = JSON.parse(data);
    if (type !== 'server_ping' || !this.isOpen) return;
    this.#askedAt = now();
    const padding = this.#isCompressed ? PADDING : undefined;
    this.#socket.send(JSON.stringify({ type: 'client_pong', ts, padding }), () => (this.#answeredAt = now()));
  }
}
