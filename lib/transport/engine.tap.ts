import {
  carriedBy,
  sendEnginePing,
  takeClock,
  type CarriedSocket,
  type EnginePacket,
  type EngineSocket,
  type EngineTransport,
  type NamespaceSocket,
} from './engine-io.internals.js';
import { EnginePatience } from './engine.patience.js';
import { EngineRaw } from './engine.raw.js';
import {
  CONNECTION,
  MAX_NAMESPACES,
  type ObservedSocket,
  type SessionFacts,
  type SessionObserver,
} from './transport.driver.js';

/** What sockets report that ended without a code, and without a close frame (RFC 6455 section 7.1.5). */
const [NO_CODE, ABNORMAL] = [1005, 1006];
const MAX_NAME = 64;

interface Member {
  readonly socket: NamespaceSocket;
  readonly left: () => void;
}

/**
 * Observes one Engine.IO connection for its record, over all its transports: its packets, the control frames of the
 * WebSocket that carries it, the namespaces that its client joins, and its end.
 */
export class EngineTap {
  readonly raw: EngineRaw;
  private isAsking = false;
  /** The packets behind which our last question waits, as long as it does: Engine.IO begins another list when it sends. */
  private askedBehind: readonly EnginePacket[] | undefined;
  /** The code of the close frame that we have sent. */
  sentCode: number | undefined;
  private record: ObservedSocket | undefined;
  private carrier: CarriedSocket | undefined;
  private transport: EngineTransport | undefined;
  private giveClockBack: ((askInMs: number) => void) | undefined;
  private readonly patience: EnginePatience;
  private isEnding = false;
  private wasDestroyed = false;
  private recovered = false;
  private wasIntroduced = false;
  private readonly members = new Map<string, Member>();

  /** @param isNew whether its client has connected just now: otherwise nobody knows when it was asked last */
  constructor(
    readonly socket: EngineSocket,
    isNew = false,
  ) {
    this.raw = new EngineRaw(socket);
    this.patience = new EnginePatience(socket, isNew);
  }

  /** Reports to a record from now on. */
  start(record: ObservedSocket): void {
    this.record = record;
    (this.socket as { [CONNECTION]?: ObservedSocket })[CONNECTION] = record;
    this.socket.on('packet', this.packet);
    this.socket.on('packetCreate', this.packetCreate);
    this.socket.on('upgrade', this.upgraded);
    this.socket.on('close', this.closed);
    this.listenToTransport();
  }

  /** Engine.IO asks and ends this one no more. */
  govern(): void {
    this.giveClockBack = takeClock(this.socket);
  }

  /** Asks in Engine.IO's stead. */
  ask(): void {
    this.isAsking = true;
    try {
      sendEnginePing(this.socket);
    } finally {
      this.isAsking = false;
    }
    this.patience.asked();
    const { writeBuffer } = this.socket;
    this.askedBehind = writeBuffer.length === 0 ? undefined : writeBuffer;
  }

  /** Whether our last question waits for the transport. */
  get isQuestionWaiting(): boolean {
    if (this.askedBehind !== this.socket.writeBuffer) this.askedBehind = undefined;
    return this.askedBehind !== undefined;
  }

  /** Reports nothing more, and leaves the socket as it was. */
  stop(): void {
    this.socket.removeListener('packet', this.packet);
    this.socket.removeListener('packetCreate', this.packetCreate);
    this.socket.removeListener('upgrade', this.upgraded);
    this.socket.removeListener('close', this.closed);
    this.leaveTransport();
    for (const { socket, left } of this.members.values()) socket.removeListener('disconnect', left);
    this.members.clear();
    this.giveClockBack?.(this.patience.somewhen());
    Reflect.deleteProperty(this.socket, CONNECTION);
    this.record = undefined;
  }

  /** The sockets of the namespaces that the client has joined. */
  get namespaceSockets(): NamespaceSocket[] {
    return [...this.members.values()].map(({ socket }) => socket);
  }

  /** From here on the session ends: what it was is what its end is told with. */
  ending(): void {
    this.isEnding = true;
  }

  /** The session is destroyed: nobody at the other end confirms its end, whatever Engine.IO calls it. */
  terminating(): void {
    this.wasDestroyed = true;
  }

  /** The client has joined a namespace. */
  joined(socket: NamespaceSocket): void {
    const { name } = socket.nsp;
    const left = (): void => this.left(name, socket);
    this.members.set(name, { socket, left });
    socket.on('disconnect', left);
    this.recovered ||= socket.recovered === true;
    this.describeAnew();
    if (this.wasIntroduced) return;
    this.wasIntroduced = true;
    this.tell((session, record) => session.introduced(record, socket, this.socket.request ?? undefined));
  }

  facts(): SessionFacts {
    const names = [...this.members.keys()].slice(0, MAX_NAMESPACES).map((name) => name.slice(0, MAX_NAME));
    return {
      transport: this.socket.transport.name,
      namespaces: names,
      recovered: this.recovered,
      clientAsks: this.socket.protocol === 3,
      askWithinMs: this.patience.isUnknown ? this.patience.leftMs : undefined,
    };
  }

  private left(name: string, socket: NamespaceSocket): void {
    if (this.isEnding || this.socket.readyState !== 'open' || this.members.get(name)?.socket !== socket)
      return;
    this.members.delete(name);
    this.describeAnew();
  }

  private describeAnew(): void {
    this.tell((session, record) => session.described(record, this.facts()));
  }

  private tell(news: (session: SessionObserver<ObservedSocket>, record: ObservedSocket) => void): void {
    const { record } = this;
    if (record?.observer.session !== undefined) news(record.observer.session, record);
  }

  private readonly packet = ({ type }: EnginePacket): void => {
    const isAnswer = type === 'pong' && this.socket.protocol !== 3;
    this.tell((session, record) => (isAnswer ? session.answered(record) : session.heard(record)));
  };

  private readonly packetCreate = (packet: EnginePacket): void => {
    if (packet.type === 'ping' && !this.isAsking) this.tell((session, record) => session.asked(record));
    this.raw.packetCreated(packet);
    const { record } = this;
    if (packet.type === 'message' && record !== undefined)
      record.observer.sent?.(record, packet.data, undefined);
  };

  private readonly upgraded = (): void => {
    this.leaveTransport();
    this.raw.upgraded();
    this.listenToTransport();
    this.describeAnew();
  };

  private listenToTransport(): void {
    this.transport = this.socket.transport;
    this.carrier = carriedBy(this.transport);
    if (this.carrier === undefined) {
      this.transport.on('ready', this.polled);
      this.transport.on('close', this.transportClosed);
      return;
    }
    this.carrier.on('ping', this.ping);
    this.carrier.on('pong', this.pong);
    this.carrier.on('close', this.carrierClosed);
  }

  private leaveTransport(): void {
    this.transport?.removeListener('ready', this.polled);
    this.transport?.removeListener('close', this.transportClosed);
    this.carrier?.removeListener('ping', this.ping);
    this.carrier?.removeListener('pong', this.pong);
    this.carrier?.removeListener('close', this.carrierClosed);
  }

  /** A GET of the polling transport is a request that the client's program has made. */
  private readonly polled = (): void => {
    if (this.transport?.name === 'polling') this.tell((session, record) => session.heard(record));
  };

  private readonly ping = (payload: Uint8Array): void => this.control('ping', payload);
  private readonly pong = (payload: Uint8Array): void => this.control('pong', payload);

  private control(kind: 'ping' | 'pong', payload: Uint8Array): void {
    this.record?.observer.control(this.record, kind, payload);
  }

  /** Engine.IO has ended the session; what carried it may take its time. */
  private readonly closed = (reason: string): void => {
    this.isEnding = true;
    const { record } = this;
    if (record === undefined) return;
    if (reason === 'ping timeout') record.observer.session?.givenUp(record, 'timeout');
    else if (reason.endsWith(' error')) record.observer.session?.givenUp(record, 'error');
    record.observer.closing(record, this.sentCode);
    if (this.carrier !== undefined) return;
    const isOrderly = !this.wasDestroyed && /^(transport|forced) close$/.test(reason);
    this.lastCode = isOrderly ? NO_CODE : ABNORMAL;
    if (this.transport?.readyState === 'closed') this.transportClosed();
  };

  private lastCode = ABNORMAL;

  private readonly transportClosed = (): void => {
    const { record } = this;
    if (record === undefined || this.socket.readyState !== 'closed') return;
    record.observer.closed(record, this.lastCode, '');
  };

  private readonly carrierClosed = (code: number, text: unknown): void => {
    const { record } = this;
    if (record !== undefined) record.observer.closed(record, code, String(text ?? ''));
  };
}
