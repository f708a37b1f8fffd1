/**
 * The only file that knows names that Engine.IO and Socket.IO do not publish. Read in engine.io 6.0-6.6.12 and socket.io
 * 4.4-4.8.3; each line says where a name comes from and since when what is said of it holds. `misfitOf…` looks, before
 * any of it is used, whether a server and its sockets still have this shape.
 */
import type { EventEmitter } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';

import type { RawSocket } from './transport.driver.js';

/** A packet of Engine.IO's protocol (engine.io-parser): `message` carries Socket.IO's own packets. */
export interface EnginePacket {
  readonly type: string;
  readonly data?: unknown;
}

/** What we use of a `ws` socket under the `websocket` transport. */
export interface CarriedSocket extends EventEmitter {
  readonly readyState: number;
  readonly bufferedAmount: number;
  readonly extensions?: string;
  /** ws, lib/websocket.js, 8.x. */
  readonly _socket?: RawSocket;
  readonly _closeFrameReceived?: boolean;
  readonly _receiver?: { readonly writableLength?: number; readonly _maxPayload?: number } | null;
  close(code?: number, text?: string): void;
  ping(payload?: unknown): void;
  terminate(): void;
}

/** What we use of a transport (engine.io, build/transport.js). */
export interface EngineTransport extends EventEmitter {
  /** `polling`, `websocket` or `webtransport`: published as `socket.transport.name`. */
  readonly name: string;
  readonly readyState: string;
  readonly writable?: boolean;
  /** The `ws` socket of the `websocket` transport: build/transports/websocket.js, 6.0-6.6; uWebSockets has another there. */
  readonly socket?: unknown;
  /** The POST under way of the `polling` transport, and what ends a close that waits for the next GET: polling.js, 6.0-6.6. */
  readonly dataReq?: IncomingMessage | null;
  shouldClose?: (() => void) | null;
}

/** What we use of an Engine.IO socket (engine.io, build/socket.js). */
export interface EngineSocket extends EventEmitter {
  readonly protocol: number;
  readonly readyState: string;
  readonly request: IncomingMessage | null;
  readonly remoteAddress?: string;
  /** 6.0-6.6. */
  readonly server: EngineServer;
  readonly transport: EngineTransport;
  /** Packets that wait for the transport; another array after each flush: 6.0-6.6. */
  readonly writeBuffer: readonly EnginePacket[];
  close(discard?: boolean): void;
}

type AllowRequest = (request: IncomingMessage, answer: (error: string | null, isOk: boolean) => void) => void;

type Middleware = (request: IncomingMessage, response: ServerResponse, next: (error?: Error) => void) => void;

/** What we use of an Engine.IO server (engine.io, build/server.js). */
export interface EngineServer extends EventEmitter {
  /** Read at each handshake and at each ping: 6.0-6.6. */
  readonly opts: {
    readonly pingInterval: number;
    readonly pingTimeout: number;
    readonly allowEIO3?: boolean;
    /** Asked at each handshake (published); a refusal is answered with 403 or 400. */
    allowRequest?: AllowRequest;
  };
  /** By session id: 6.0-6.6. */
  readonly clients: Readonly<Record<string, EngineSocket>>;
  /** Run before each request, upgrades included, whenever there are any: 6.4-6.6; `use()` is published. */
  middlewares?: Middleware[];
  use?(middleware: Middleware): void;
}

/** What we use of a namespace's socket; all of it is published. */
export interface NamespaceSocket extends EventEmitter {
  readonly nsp: { readonly name: string };
  readonly conn: EngineSocket;
  readonly recovered?: boolean;
  readonly volatile: NamespaceSocket;
  emit(event: string, ...args: unknown[]): boolean;
  disconnect(close?: boolean): unknown;
}

/** What we use of a namespace; all of it is published. */
export interface IoNamespace extends EventEmitter {
  readonly name: string;
  readonly server: IoServer;
  readonly sockets: ReadonlyMap<string, NamespaceSocket>;
}

/** What we use of a Socket.IO server. */
export interface IoServer extends EventEmitter {
  readonly engine: EngineServer;
  readonly sockets: IoNamespace;
  of(name: string): IoNamespace;
  /** All namespaces there are, dynamic ones included: socket.io, dist/index.js, 4.0-4.8. */
  readonly _nsps?: ReadonlyMap<string, IoNamespace>;
  /** As resolved by the constructor: socket.io, dist/index.js, 4.6-4.8. */
  readonly opts?: { readonly connectionStateRecovery?: unknown };
}

/** Engine.IO's own clock of one socket (build/socket.js). */
interface OwnTimers {
  /** Sends the next ping; restarted by a pong, by `schedulePing()` in 6.0-6.1 and by `refresh()` since 6.2. */
  pingIntervalTimer: unknown;
  /** Ends the socket; set with each ping. Until 6.5 each packet sets it anew by `resetPingTimeout()`; since 6.6 a pong ends it. */
  pingTimeoutTimer: unknown;
  /** Whether another packet has put off the end once since the last ping: 6.6.12. */
  hasRefreshedPingTimeout?: boolean;
  schedulePing(): void;
  /** Until 6.4 it is told the time; later ones know it. */
  resetPingTimeout(timeoutMs: number): void;
  /** 6.0-6.6. */
  sendPacket(type: string): void;
}

type Governed = EngineSocket & OwnTimers;

/** All namespaces of a server. */
export function namespacesOf(io: IoServer): Iterable<IoNamespace> {
  return io._nsps?.values() ?? [io.sockets];
}

/** Whether Socket.IO keeps what it emits for clients that come back. */
export function keepsPackets(io: IoServer): boolean {
  return Boolean(io.opts?.connectionStateRecovery);
}

/** The `ws` socket that carries a connection at present; `undefined` on other transports and other WebSocket libraries. */
export function carriedBy({ name, socket }: EngineTransport): CarriedSocket | undefined {
  if (name !== 'websocket' || typeof socket !== 'object' || socket === null) return undefined;
  const members = ['on', 'removeListener', 'ping', 'close', 'terminate'];
  const isWs = members.every((member) => typeof (socket as Record<string, unknown>)[member] === 'function');
  return isWs && 'readyState' in socket ? (socket as CarriedSocket) : undefined;
}

/** Asks a client in Engine.IO's own words. */
export function sendEnginePing(socket: EngineSocket): void {
  (socket as Governed).sendPacket('ping');
}

/**
 * Ends what waits for a client that does not come: a close of the polling transport otherwise waits 30 s for its next GET
 * (polling.js, `closeTimeout`), or for ever for bytes that do not drain.
 */
export function endAtOnce(socket: EngineSocket): void {
  const { transport } = socket;
  const waiting = transport.shouldClose;
  if (typeof waiting === 'function') {
    transport.shouldClose = null;
    waiting();
    return;
  }
  socket.close(true);
}

/** Lets a middleware refuse requests, behind all others, so that it has their headers (CORS). @returns takes it away */
export function refuseBy(engine: EngineServer, middleware: Middleware): () => void {
  let isOn = true;
  if (engine.use === undefined) return refuseByOption(engine);
  const switched: Middleware = (request, response, next) =>
    isOn ? middleware(request, response, next) : next();
  engine.use(switched);
  return () => {
    // Where the list is kept elsewhere, what stays behind lets everybody pass.
    isOn = false;
    const at = engine.middlewares?.indexOf(switched) ?? -1;
    if (at >= 0) engine.middlewares!.splice(at, 1);
  };
}

const refuse: AllowRequest = (_request, answer) => answer('Service Unavailable', false);

/** Engines before 6.4 have no middlewares: all handshakes are refused in the words that they have. */
function refuseByOption({ opts }: EngineServer): () => void {
  const { allowRequest } = opts;
  opts.allowRequest = refuse;
  return () => {
    if (opts.allowRequest === refuse) opts.allowRequest = allowRequest;
  };
}

/** What keeps us from governing a server, in words; `undefined` where nothing does. */
export function misfitOfEngine({ opts, clients }: EngineServer): string | undefined {
  if (typeof opts?.pingInterval !== 'number' || typeof opts.pingTimeout !== 'number')
    return 'its engine has no pingInterval and pingTimeout';
  return typeof clients === 'object' ? undefined : 'its engine has no list of clients';
}

/** The same for a socket; all sockets of an engine are of one class. */
export function misfitOfSocket(socket: EngineSocket): string | undefined {
  const own = socket as Partial<Governed>;
  const methods = ['schedulePing', 'resetPingTimeout', 'sendPacket'] as const;
  const missing = methods.find((name) => typeof own[name] !== 'function');
  if (missing !== undefined) return `its sockets have no ${missing}()`;
  const timers = ['pingIntervalTimer', 'pingTimeoutTimer'] as const;
  const absent = timers.find((name) => !(name in own));
  return absent === undefined ? undefined : `its sockets have no ${absent}`;
}

/** Stands where Engine.IO expects a timer: `clearTimeout()` of it does nothing, and no `refresh()` revives it. */
const NO_TIMER = { refresh: (): unknown => NO_TIMER };

const nothing = (): void => undefined;

/**
 * Takes Engine.IO's clock off a socket (protocol 4): it asks and ends nobody any more.
 *
 * @returns gives it back: the socket is asked in `askInMs`, and from then on as Engine.IO does by itself
 */
export function takeClock(socket: EngineSocket): (askInMs: number) => void {
  const governed = socket as Governed;
  clearTimeout(governed.pingIntervalTimer as NodeJS.Timeout);
  clearTimeout(governed.pingTimeoutTimer as NodeJS.Timeout);
  governed.pingIntervalTimer = NO_TIMER;
  governed.pingTimeoutTimer = null;
  governed.schedulePing = nothing;
  governed.resetPingTimeout = nothing;
  return (askInMs) => {
    Reflect.deleteProperty(governed, 'schedulePing');
    Reflect.deleteProperty(governed, 'resetPingTimeout');
    if (governed.readyState === 'open') askOnce(governed, askInMs);
  };
}

/** Asks as `schedulePing()` does, but when we say; what a pong does to its timer, `schedulePing()` does to this one. */
function askOnce(governed: Governed, inMs: number): void {
  const timer = setTimeout(() => {
    governed.hasRefreshedPingTimeout = false;
    governed.sendPacket('ping');
    governed.resetPingTimeout(governed.server.opts.pingTimeout);
  }, inMs);
  timer.refresh = () => {
    clearTimeout(timer);
    governed.schedulePing();
    return timer;
  };
  governed.pingIntervalTimer = timer;
}
