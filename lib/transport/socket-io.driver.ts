import type { IncomingMessage } from 'node:http';

import {
  carriedBy,
  keepsPackets,
  misfitOfEngine,
  misfitOfSocket,
  namespacesOf,
  type EngineSocket,
  type IoNamespace,
  type IoServer,
  type NamespaceSocket,
} from './engine-io.internals.js';
import { closeSession, terminateSession } from './engine.close.js';
import { EngineTap } from './engine.tap.js';
import { isIoServer, isNamespace, refuseHandshakes } from './socket-io.server.js';
import {
  recordOf,
  type Attachment,
  type OwnHeartbeat,
  type RawSocket,
  type SessionFacts,
  type SocketOpened,
  type TransportDriver,
} from './transport.driver.js';

interface EngineWatch {
  readonly io: IoServer;
  govern: Attachment['govern'];
}

const OPEN = 1;
const nothing = (): void => undefined;

/** Servers of Socket.IO 4, tracked by Engine.IO connection: a client that joins many namespaces has one. */
export class SocketIoDriver implements TransportDriver {
  readonly name = 'socket.io';
  readonly defaultPath = '/socket.io';
  private readonly taps = new WeakMap<object, EngineTap>();
  /** How the engines that are attached are observed. */
  private readonly engines = new WeakMap<object, EngineWatch>();

  recognises(server: unknown): server is IoServer | IoNamespace {
    return isIoServer(server) || isNamespace(server);
  }

  rootOf(server: object): IoServer {
    return isNamespace(server) ? server.server : (server as IoServer);
  }

  ownHeartbeat(server: object): OwnHeartbeat {
    const { pingInterval, pingTimeout, allowEIO3 = false } = this.rootOf(server).engine.opts;
    return { intervalMs: pingInterval, timeoutMs: pingTimeout, clientsMayAsk: allowEIO3 };
  }

  ungovernable(server: object): string | undefined {
    return misfitOfEngine(this.rootOf(server).engine);
  }

  attach({ server, opened, govern }: Attachment): () => void {
    const io = this.rootOf(server);
    const { engine } = io;
    this.engines.set(engine, { io, govern });
    const track = (socket: EngineSocket, isNew: boolean): void => {
      if (recordOf(socket) === undefined) this.observe(socket, opened, isNew);
    };
    const connected = (socket: EngineSocket): void => track(socket, true);
    const stopListening = this.listenToNamespaces(io);
    // First of all: the record is there before Socket.IO, and then the app, hear of the connection.
    engine.prependListener('connection', connected);
    for (const socket of Object.values(engine.clients))
      if (socket.readyState === 'open') track(socket, false);
    this.introduceMembers(io);
    return () => {
      engine.removeListener('connection', connected);
      stopListening();
    };
  }

  adopt({ socket, opened }: { socket: object; opened: SocketOpened }): void {
    const conn = socket as EngineSocket;
    this.observe(conn, opened, false);
    const watch = this.engines.get(conn.server);
    if (watch !== undefined) this.introduceMembers(watch.io);
  }

  raw(socket: object, _request: IncomingMessage | undefined): RawSocket | undefined {
    return this.taps.get(socket)?.raw;
  }

  isOpen(socket: object): boolean {
    const conn = socket as EngineSocket;
    if (conn.readyState !== 'open') return false;
    return (carriedBy(conn.transport)?.readyState ?? OPEN) === OPEN;
  }

  isDigesting(socket: object): boolean {
    return (carriedBy((socket as EngineSocket).transport)?._receiver?.writableLength ?? 0) > 0;
  }

  bufferedBytes(socket: object): number {
    const carried = carriedBy((socket as EngineSocket).transport)?.bufferedAmount ?? 0;
    return carried + (this.taps.get(socket)?.raw.waitingBytes ?? 0);
  }

  /** Asks in Engine.IO's own words: no other frame of ours is understood on this wire. */
  send(socket: object, _frame: string | Uint8Array, flushed?: () => void): void {
    this.taps.get(socket)?.ask();
    flushed?.();
  }

  holdsOwnFrame(socket: object): boolean | undefined {
    return this.carriesPings(socket) ? this.taps.get(socket)?.isQuestionWaiting : undefined;
  }

  ping(socket: object, payload: Uint8Array): void {
    carriedBy((socket as EngineSocket).transport)?.ping(payload);
  }

  carriesPings(socket: object): boolean {
    return carriedBy((socket as EngineSocket).transport) !== undefined;
  }

  tell(socket: object, event: string, content: object): void {
    for (const member of this.taps.get(socket)?.namespaceSockets ?? []) {
      const io = this.rootOf(member.nsp);
      // What is kept for clients that come back would tell them again when they have.
      (keepsPackets(io) ? member.volatile : member).emit(event, content);
    }
  }

  describe(socket: object): SessionFacts {
    return this.taps.get(socket)?.facts() ?? new EngineTap(socket as EngineSocket).facts();
  }

  close(socket: object, code: number, text: string, isFinal = false): void {
    closeSession(socket as EngineSocket, this.taps.get(socket), { code, text, isFinal });
  }

  terminate(socket: object): void {
    terminateSession(socket as EngineSocket, this.taps.get(socket));
  }

  socketsOf(server: object): ReadonlySet<object> {
    return new Set(Object.values(this.rootOf(server).engine.clients));
  }

  agreedWith(socket: object): { extensions: string; maxPayload: number | undefined } {
    const carrier = carriedBy((socket as EngineSocket).transport);
    return {
      extensions: carrier?.extensions ?? '',
      maxPayload: carrier?._receiver?._maxPayload || undefined,
    };
  }

  wasToldToClose(socket: object): boolean {
    return carriedBy((socket as EngineSocket).transport)?._closeFrameReceived === true;
  }

  /** Only audits are muted, and they do not speak this wire. */
  mute(): () => void {
    return nothing;
  }

  refuseUpgrades(server: object, retryAfterS: number): () => void {
    return refuseHandshakes(this.rootOf(server).engine, retryAfterS);
  }

  release(socket: object): void {
    this.taps.get(socket)?.stop();
    this.taps.delete(socket);
  }

  private observe(socket: EngineSocket, opened: SocketOpened, isNew: boolean): void {
    const isGoverned = this.mayGovern(socket);
    const tap = new EngineTap(socket, isNew);
    this.taps.set(socket, tap);
    const record = opened(socket, socket.request ?? undefined);
    if (record === undefined) return;
    tap.start(record);
    // In protocol 3 the client asks: there is nothing that we could ask in Engine.IO's stead.
    if (isGoverned && socket.protocol !== 3) tap.govern();
  }

  /** All sockets of an engine are of one class: the first tells whether we know it. */
  private mayGovern(socket: EngineSocket): boolean {
    const watch = this.engines.get(socket.server);
    if (watch?.govern === undefined) return false;
    const misfit = misfitOfSocket(socket);
    if (misfit === undefined) return true;
    watch.govern.impossible(misfit);
    watch.govern = undefined;
    return false;
  }

  private listenToNamespaces(io: IoServer): () => void {
    // Weak: dynamic namespaces come and go (`cleanupEmptyChildNamespaces`).
    const listened = new WeakSet<IoNamespace>();
    const joined = (member: NamespaceSocket): void => this.taps.get(member.conn)?.joined(member);
    const listen = (namespace: IoNamespace): void => {
      if (listened.has(namespace)) return;
      listened.add(namespace);
      namespace.prependListener('connection', joined);
    };
    for (const namespace of namespacesOf(io)) listen(namespace);
    io.sockets.prependListener('new_namespace', listen);
    return () => {
      io.sockets.removeListener('new_namespace', listen);
      for (const namespace of namespacesOf(io)) namespace.removeListener('connection', joined);
    };
  }

  private introduceMembers(io: IoServer): void {
    for (const namespace of namespacesOf(io)) {
      for (const member of namespace.sockets.values()) {
        const tap = this.taps.get(member.conn);
        if (tap !== undefined && !tap.namespaceSockets.includes(member)) tap.joined(member);
      }
    }
  }
}
