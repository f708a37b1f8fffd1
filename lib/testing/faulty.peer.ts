import { once } from 'node:events';
import type { Socket } from 'node:net';

import { clientFrame, OPCODE, ServerFrames, type ServerFrame } from './client.frames.js';
import { upgrade, type Upgraded } from './client.handshake.js';
import { pace, type PaceClock } from './pace.js';

/** Who a peer is, and whose time it lives in. */
export interface PeerOptions {
  /** Further headers of its upgrade request, for example `cookie` or `user-agent`. @default none */
  readonly headers?: Readonly<Record<string, string>>;
  /**
   * What its program replies to a text message; `undefined` for nothing.
   *
   * @default answers `server_ping` with `client_pong`, as the `json` codec has it
   */
  readonly reply?: (message: string) => string | undefined;
  /** Whose time its speeds are measured in: a {@link FakeClock}. @default the real one */
  readonly clock?: PaceClock;
}

/** What is wrong with it. */
export interface PeerBehaviour {
  /** Whether it reads anything after the handshake. @default true */
  readonly reads?: boolean;
  /** Bytes per second that it reads at most. @default unlimited */
  readonly readBytesPerSecond?: number;
  /** It freezes by itself after so many replies. @default Infinity */
  readonly freezeAfterReplies?: number;
}

/**
 * A WebSocket client that can be in all the states that a well-behaved library never is in. It speaks just enough of
 * RFC 6455 on a bare TCP socket: no compression, no validation. The functions beside it make the usual ones.
 *
 * @example
 * ```ts
 * const peer = await FaultyPeer.connect(url, { headers: { cookie } }, { readBytesPerSecond: 10_000 });
 * peer.send('{"event":"join","data":"lobby"}');
 * peer.freeze();
 * await peer.end();
 * ```
 */
export class FaultyPeer {
  /** What its program has read: text as strings, the rest as bytes. Heartbeats are among it. */
  readonly messages: (string | Buffer)[] = [];
  /** How many messages it has replied to; with the default `reply`, how many heartbeats it has answered. */
  replies = 0;
  /** How many protocol pings it has answered. */
  protocolPings = 0;
  /** The code of the close frame that it has read; 1005 for one without a code (RFC 6455 section 7.1.5). */
  closeCode: number | undefined;

  private readonly socket: Socket;
  private readonly frames = new ServerFrames();
  /** What has been received while its program stood still. */
  private readonly unread: ServerFrame[] = [];
  private readonly reply: (message: string) => string | undefined;
  private isFrozen = false;
  private heardFin = false;
  private trickling: { readonly frame: Buffer; sent: number; readonly stop: () => void } | undefined;
  /** What has to wait until the trickling frame is complete: frames cannot be nested. */
  private readonly waiting: Buffer[] = [];
  private stopReading: () => void = () => undefined;

  private constructor(
    { socket, rest }: Upgraded,
    private readonly options: PeerOptions,
    private readonly behaviour: PeerBehaviour,
  ) {
    this.socket = socket;
    this.reply = options.reply ?? answerHeartbeat;
    socket.on('error', () => undefined); // 'close' follows
    socket.on('end', () => this.finHeard());
    socket.on('close', () => this.stop());
    // The socket is paused, so this listener does not make it flow.
    socket.on('data', (data) => this.read(data));
    this.isFrozen = behaviour.reads === false;
    this.read(rest);
    if (!this.isFrozen) this.thaw();
  }

  /**
   * Connects and completes the handshake.
   *
   * @throws TypeError for a URL that is not of `ws:`; RangeError for a speed that is none; Error when the connection or
   *   the handshake fails
   */
  static async connect(
    url: string,
    options: PeerOptions = {},
    behaviour: PeerBehaviour = {},
  ): Promise<FaultyPeer> {
    const upgraded = await upgrade(url, options.headers);
    try {
      return new FaultyPeer(upgraded, options, behaviour);
    } catch (error) {
      upgraded.socket.destroy();
      throw error;
    }
  }

  /** Whether the connection is open as far as this peer knows; one that reads nothing does not learn of its end. */
  get isOpen(): boolean {
    return !this.socket.destroyed && !this.heardFin && this.closeCode === undefined;
  }

  /** Bytes of the trickling frame that are still to be sent. */
  get unsentBytes(): number {
    return this.trickling === undefined ? 0 : this.trickling.frame.length - this.trickling.sent;
  }

  /** Sends a message, after a frame that is trickling: text for a string, else binary. Nothing on a connection that has ended. */
  send(data: string | Uint8Array): void {
    this.write(typeof data === 'string' ? OPCODE.text : OPCODE.binary, Buffer.from(data));
  }

  /**
   * Begins to send one frame slowly.
   *
   * @param data text for a string, else binary
   * @param bytesPerSecond above 0, in the time of the `clock` option
   * @throws Error when one is trickling already or the connection has ended; RangeError for a speed that is none
   */
  trickle(data: string | Uint8Array, bytesPerSecond: number): void {
    if (this.trickling !== undefined) throw new Error('a frame is trickling already');
    if (!this.socket.writable) throw new Error('the connection has ended');
    const frame = clientFrame(typeof data === 'string' ? OPCODE.text : OPCODE.binary, Buffer.from(data));
    const stop = pace({ bytesPerSecond, clock: this.options.clock }, (bytes) => this.trickleOn(bytes));
    this.trickling = { frame, sent: 0, stop };
  }

  /** Its program stops: nothing is read and nothing is sent. Its kernel goes on to acknowledge what arrives. */
  freeze(): void {
    this.isFrozen = true;
    this.stopReading();
    this.socket.pause();
  }

  /** Its program goes on, with what has waited first. */
  thaw(): void {
    this.isFrozen = false;
    this.stopReading();
    this.read(Buffer.alloc(0));
    // What it has just read may have made it freeze again.
    if (this.isFrozen || this.socket.destroyed) return;
    const { readBytesPerSecond } = this.behaviour;
    if (this.heardFin) this.socket.end();
    else if (readBytesPerSecond === undefined) this.socket.resume();
    else this.stopReading = this.readSlowly(readBytesPerSecond);
  }

  /** Ends without a close frame, and resolves when its socket is gone. May be called more than once. */
  async end(): Promise<void> {
    this.stop();
    if (this.socket.closed) return;
    const closed = once(this.socket, 'close');
    this.socket.destroy();
    await closed;
  }

  private readSlowly(bytesPerSecond: number): () => void {
    const { clock } = this.options;
    return pace({ bytesPerSecond, clock }, (bytes) => {
      // In paused mode `read()` gives exactly what it is asked for, or nothing; `read(0)` has the next bytes fetched.
      this.socket.read(Math.min(bytes, this.socket.readableLength));
    });
  }

  private read(data: Buffer): void {
    this.unread.push(...this.frames.push(data));
    while (!this.isFrozen && this.unread.length > 0) this.take(this.unread.shift()!);
  }

  private take({ opcode, payload }: ServerFrame): void {
    if (opcode === OPCODE.ping) {
      this.protocolPings++;
      this.write(OPCODE.pong, payload);
    } else if (opcode === OPCODE.close) {
      this.closeCode = payload.length < 2 ? 1005 : payload.readUInt16BE(0);
      this.write(OPCODE.close, payload.subarray(0, 2));
    } else if (opcode === OPCODE.text) this.heard(payload.toString('utf8'));
    else if (opcode === OPCODE.binary) this.messages.push(payload);
  }

  private heard(message: string): void {
    this.messages.push(message);
    const reply = this.reply(message);
    if (reply === undefined) return;
    this.replies++;
    this.send(reply);
    if (this.replies === this.behaviour.freezeAfterReplies) this.freeze();
  }

  private write(opcode: number, payload: Uint8Array): void {
    const frame = clientFrame(opcode, payload);
    if (this.trickling !== undefined) this.waiting.push(frame);
    else if (this.socket.writable) this.socket.write(frame);
  }

  private trickleOn(bytes: number): void {
    const { trickling } = this;
    if (trickling === undefined || this.isFrozen || !this.socket.writable) return;
    const end = Math.min(trickling.frame.length, trickling.sent + bytes);
    this.socket.write(trickling.frame.subarray(trickling.sent, end));
    trickling.sent = end;
    if (this.unsentBytes > 0) return;
    trickling.stop();
    this.trickling = undefined;
    for (const frame of this.waiting.splice(0)) this.socket.write(frame);
  }

  /** A program that runs ends its own side, too. */
  private finHeard(): void {
    this.heardFin = true;
    if (!this.isFrozen) this.socket.end();
  }

  private stop(): void {
    this.stopReading();
    this.trickling?.stop();
  }
}

function answerHeartbeat(text: string): string | undefined {
  try {
    const message = JSON.parse(text) as { type?: unknown; ts?: unknown } | null;
    if (message?.type !== 'server_ping') return undefined;
    return JSON.stringify({ type: 'client_pong', ts: message.ts });
  } catch {
    return undefined;
  }
}
