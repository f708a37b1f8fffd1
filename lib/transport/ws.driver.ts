import type { EventEmitter } from 'node:events';
import type { IncomingMessage } from 'node:http';

import {
  CONNECTION,
  recordOf,
  type ObservedSocket,
  type RawSocket,
  type SocketOpened,
  type TransportDriver,
} from './transport.driver.js';
import { tappedClass, tapSocket, type WsSocket, type WsSocketClass } from './ws.tap.js';

/** What we use of a `WebSocketServer`. */
interface WsServer extends EventEmitter {
  readonly options: { WebSocket: WsSocketClass; verifyClient?: unknown };
  readonly clients?: Set<WsSocket>;
}

type VerifyAnswer = (ok: boolean, code: number, message: string, headers: Record<string, string>) => void;

const OPEN = 1;
// Heartbeats are too small to gain from compression, and an uncompressed frame reaches the kernel within the call.
const HEARTBEAT_FRAME = { compress: false, fin: true };
const TEXT_FRAME = { ...HEARTBEAT_FRAME, binary: false };
const BINARY_FRAME = { ...HEARTBEAT_FRAME, binary: true };
/** What `send` and `ping` of `ws` 8 end with (lib/websocket.js). */
const WS_METHOD = /\bthis\._sender\.(?:send|ping)\(/;

/** Servers and sockets of the `ws` package, version 8. */
export class WsDriver implements TransportDriver {
  readonly name = 'ws';
  /** Methods of sockets, by whether they are those of `ws`. */
  private readonly ofWs = new WeakMap<object, boolean>();
  /** What takes the taps off sockets whose class did not bring one. */
  private readonly taps = new WeakMap<object, () => void>();

  recognises(server: unknown): server is WsServer {
    if (typeof server !== 'object' || server === null) return false;
    const { handleUpgrade, shouldHandle, options, on } = server as Record<string, unknown>;
    const socketClass = (options as { WebSocket?: unknown } | undefined)?.WebSocket;
    return [handleUpgrade, shouldHandle, on, socketClass].every((member) => typeof member === 'function');
  }

  attach({ server, opened }: { server: object; opened: SocketOpened }): () => void {
    const wsServer = server as WsServer;
    const restoreClass = replaceSocketClass(wsServer);
    const track = (socket: WsSocket, request?: IncomingMessage): void => {
      if (recordOf(socket) === undefined) this.observe(socket, request, opened);
    };
    wsServer.prependListener('connection', track);
    for (const socket of wsServer.clients ?? []) if (socket.readyState === OPEN) track(socket);
    return () => {
      wsServer.removeListener('connection', track);
      restoreClass();
    };
  }

  adopt({ socket, opened }: { socket: object; opened: SocketOpened }): void {
    this.observe(socket as WsSocket, undefined, opened);
  }

  socketsOf(server: object): ReadonlySet<object> | undefined {
    return (server as WsServer).clients;
  }

  agreedWith(socket: object): { extensions: string; maxPayload: number | undefined } {
    // The server's option, as its receiver keeps it; 0 stands for no limit (ws, lib/receiver.js).
    const { extensions, _receiver: receiver } = socket as {
      readonly extensions?: string;
      readonly _receiver?: { readonly _maxPayload?: number } | null;
    };
    return { extensions: extensions ?? '', maxPayload: receiver?._maxPayload || undefined };
  }

  wasToldToClose(socket: object): boolean {
    return (socket as { _closeFrameReceived?: boolean })._closeFrameReceived === true;
  }

  mute(socket: object): () => void {
    const own = Object.getOwnPropertyDescriptor(socket, 'send');
    Object.defineProperty(socket, 'send', { value: swallow, writable: true, configurable: true });
    return () => {
      if ((socket as WsSocket).send !== swallow) return;
      if (own === undefined) Reflect.deleteProperty(socket, 'send');
      else Object.defineProperty(socket, 'send', own);
    };
  }

  refuseUpgrades(server: object, retryAfterS: number): () => void {
    const { options } = server as WsServer;
    const original = options.verifyClient;
    // Read at each upgrade; `ws` passes the callback only to a function of two parameters (lib/websocket-server.js).
    const refuse = (_info: object, answer: VerifyAnswer): void =>
      answer(false, 503, 'Service Unavailable', { 'Retry-After': String(retryAfterS) });
    options.verifyClient = refuse;
    return () => {
      if (options.verifyClient === refuse) options.verifyClient = original;
    };
  }

  raw(socket: object, request: IncomingMessage | undefined): RawSocket | undefined {
    return request?.socket ?? (socket as { _socket?: RawSocket })._socket;
  }

  isOpen(socket: object): boolean {
    return (socket as WsSocket).readyState === OPEN;
  }

  bufferedBytes(socket: object): number {
    return (socket as WsSocket).bufferedAmount;
  }

  isDigesting(socket: object): boolean {
    const { _receiver: receiver } = socket as { _receiver?: { readonly writableLength?: number } | null };
    return (receiver?.writableLength ?? 0) > 0;
  }

  send(socket: object, frame: string | Uint8Array, flushed?: () => void): void {
    const options = typeof frame === 'string' ? TEXT_FRAME : BINARY_FRAME;
    this.untapped(socket).send.call(socket, frame, options, flushed);
  }

  isMidMessage(socket: object): boolean {
    return (socket as WsSocket)._sender?._firstFragment === false;
  }

  writeFrames(socket: object, frames: Uint8Array): boolean {
    const {
      readyState,
      _socket: raw,
      _sender: sender,
      _isServer: isServer,
      bufferedAmount,
    } = socket as WsSocket;
    // One that this process has dialled masks what it sends.
    if (readyState !== OPEN || isServer === false || typeof raw?.write !== 'function') return false;
    // While it compresses, the end of a fragmented message may wait: a frame of data before it would break that message.
    const isIdle = sender?._state === 0 || sender?._deflating === false;
    if (!isIdle || bufferedAmount > 0 || this.isMidMessage(socket) || !this.sendsAsIs(socket)) return false;
    raw.write(frames);
    return true;
  }

  ping(socket: object, payload: Uint8Array): void {
    (socket as WsSocket).ping(payload);
  }

  close(socket: object, code: number, text: string): void {
    (socket as WsSocket).close(code, text);
  }

  terminate(socket: object): void {
    (socket as WsSocket).terminate();
  }

  release(socket: object): void {
    (socket as { [CONNECTION]?: ObservedSocket | undefined })[CONNECTION] = undefined;
    this.taps.get(socket)?.();
    this.taps.delete(socket);
  }

  /** Not, where an app's own class, or what it has put over that of `ws`, may put what it sends into an envelope. */
  private sendsAsIs(socket: object): boolean {
    const { send, ping } = this.untapped(socket);
    return this.isOfWs(send) && this.isOfWs(ping);
  }

  /** Whether a method is the one of `ws` itself: known by its source, since no copy of `ws` is ours to compare with. */
  private isOfWs(method: object): boolean {
    let isOfWs = this.ofWs.get(method);
    if (isOfWs === undefined) this.ofWs.set(method, (isOfWs = WS_METHOD.test(String(method))));
    return isOfWs;
  }

  /** The class's own methods below the tap: a wrapper that the app may have put on the socket must not see heartbeats. */
  private untapped(socket: object): WsSocket {
    const owner = this.taps.has(socket) ? socket : Object.getPrototypeOf(socket);
    return Object.getPrototypeOf(owner) as WsSocket;
  }

  private observe(socket: WsSocket, request: IncomingMessage | undefined, opened: SocketOpened): void {
    if (!isTapped(socket)) this.taps.set(socket, tapSocket(socket));
    const record = opened(socket, request);
    // One that was open before us may be in the middle of a message of the app: `ws` keeps that to itself (lib/sender.js).
    if (record !== undefined) record.midMessage = this.isMidMessage(socket);
    (socket as { [CONNECTION]?: ObservedSocket | undefined })[CONNECTION] = record;
  }
}

/** Sends nothing, and says that it was sent: the app must not wait for it. */
function swallow(_data: unknown, options?: unknown, callback?: unknown): void {
  const sent = typeof options === 'function' ? options : callback;
  if (typeof sent === 'function') setImmediate(() => Reflect.apply(sent, undefined, []));
}

function replaceSocketClass(server: WsServer): () => void {
  const original = server.options.WebSocket;
  const tapped = tappedClass(original);
  server.options.WebSocket = tapped;
  return () => {
    if (server.options.WebSocket === tapped) server.options.WebSocket = original;
  };
}

function isTapped(socket: WsSocket): boolean {
  return CONNECTION in socket;
}
