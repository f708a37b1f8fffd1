import { NEVER, type AwakeTime } from '../clock/awake.clock.js';
import type { CloseReason } from '../protocol/close-reasons.js';
import type { ObservedSocket, RawSocket, SocketObserver } from '../transport/transport.driver.js';
import { ConnectionBlock } from './connection.block.js';
import { OccasionalState } from './occasional.state.js';
import { hopCounts, hopMaskOf } from './hop.rule.js';
import { transportOf } from './transport.kinds.js';
import type { WatchedServer } from './watched.server.js';

export type { ConnectionState } from './column.state.js';

/** Whose silence a ghost was: nobody answered, only a hop answered, or nobody was asked. */
export type GhostKind = 'silent' | 'proxy_answered' | 'unknown';

/** Who is at the other end, as far as the upgrade request told. */
export interface Peer {
  readonly address: string | undefined;
  readonly userAgent: string | undefined;
  /** Path of the upgrade request without its query string, which may hold tokens. */
  readonly path: string | undefined;
}

/** A heartbeat that was sent. Dropped when it was answered, or with the next one. */
export interface Question {
  /** The `ts` that was sent; only an answer with it clears a miss or gives a latency. */
  readonly ts: number;
  /** When it was sent, in awake time and, for the latency, in precise monotonic milliseconds. */
  readonly askedAt: AwakeTime;
  readonly sentAt: number;
  /** When the kernel had it; {@link NEVER} while it waits behind bytes of ours. */
  handedOverAt: AwakeTime;
  /** Bytes written to the socket up to the end of the question; `undefined` while they are not counted yet. */
  bytesAtEnd: number | undefined;
  /** Whether it went out; not, where an earlier frame of ours still waits behind a blocked reader. */
  readonly wasSent: boolean;
  /** Messages, control bytes and data bytes received before it: more of them is evidence. */
  readonly messagesBefore: number;
  readonly controlBytesBefore: number;
  readonly dataBytesBefore: number;
  /** The payload of the protocol ping whose answer tells a proxy from silence. */
  probe: Uint8Array | undefined;
  probeAnswered: boolean;
  /** Whether its time ran out; it is kept until the next one, for an answer that comes late. */
  isMissed: boolean;
  /** Whether other evidence has come; it is kept until the next one, for the answer itself. */
  isSettled: boolean;
  /** Whether it repeats a question whose time ran out while we could not hear, or with suspiciously many others. */
  readonly isRepeat: boolean;
  /** Whether it repeats one whose verdict the breaker held (R7): the next one is carried out. */
  readonly wasHeld: boolean;
  /** Stalls seen when it was asked; another count at the deadline means that we were away in between. */
  readonly stallsSeen: number;
}

/** Whether a question still waits for evidence. */
export function isPending(question: Question | undefined): question is Question {
  return question !== undefined && !question.isMissed && !question.isSettled;
}

/** Why and how a connection is being closed by us. */
export interface Closing {
  readonly reason: CloseReason;
  /** The code of our close frame; `undefined` where the transport's library closes by itself. */
  readonly code: number | undefined;
  readonly text: string;
  readonly ghost: GhostKind | undefined;
}

/** How far a message that has not ended yet has come. */
export interface Upload {
  /** Complete messages before it. */
  readonly messagesBefore: number;
  /** When it was first seen unfinished. */
  readonly since: AwakeTime;
  /** Data bytes at the last look, and when that was. */
  bytes: number;
  at: AwakeTime;
}

/**
 * Our record of one socket. Plain state: whoever is responsible for a field writes it, decisions read it.
 * Times are {@link AwakeTime}.
 */
export class Connection extends OccasionalState implements ObservedSocket {
  /** Where what passes over all connections look at is kept: a registry's block, or one of its own. */
  block: ConnectionBlock;
  at: number;
  /** Who is at the other end: see {@link Peer}. In the record itself, for an object of its own would be as large again. */
  private readonly address: string | undefined;
  private readonly userAgent: string | undefined;
  private readonly path: string | undefined;
  identity: string | undefined = undefined;
  /** What the client said of itself in its last answer: `visible`, `hidden`, or its own word. */
  clientState: string | undefined = undefined;

  /** Messages and control bytes received, to tell data bytes from the rest (R3). */
  messages = 0;
  controlBytes = 0;
  /** Bytes read and written when it last had its turn, and when they were last seen to grow. */
  bytesIn = 0;
  bytesInAt: AwakeTime;
  bytesOut = 0;
  bytesOutAt: AwakeTime;
  /** When the app last sent something, to a tick; {@link NEVER} where nobody wants to know. */
  appSentAt: AwakeTime = NEVER;
  /** Bytes written when the last answered question, or lone ping, went out. */
  confirmedBytes = 0;
  /** Questions of ours that it has not answered yet: so many answers are no flood, however late they come. */
  owedAnswers = 0;

  question: Question | undefined = undefined;

  /** When its current beat was scheduled; the next is a whole number of intervals later. */
  beatAt: AwakeTime = NEVER;
  /** Membership in the timing wheel: see there. */
  dueTick = NEVER;
  previousDue: Connection | undefined = undefined;
  nextDue: Connection | undefined = undefined;

  constructor(
    /** Number of this connection in its registry, from 1. */
    sequence: number,
    readonly server: WatchedServer,
    /** The raw object of the transport; `undefined` once it is gone, so that a record held on to holds no socket. */
    public socket: object | undefined,
    public raw: RawSocket | undefined,
    peer: Peer,
    openedAt: AwakeTime,
  ) {
    super();
    this.address = peer.address;
    this.userAgent = peer.userAgent;
    this.path = peer.path;
    this.block = new ConnectionBlock(1);
    this.at = this.block.begin(this, sequence, openedAt);
    this.bytesInAt = openedAt;
    this.bytesOutAt = openedAt;
  }

  /** What carries it at present, in its library's word. */
  get transport(): string {
    return transportOf(this);
  }

  get peer(): Peer {
    const { address, userAgent, path } = this;
    return { address, userAgent, path };
  }

  get observer(): SocketObserver<ObservedSocket> {
    return this.server.observer;
  }

  /**
   * The last evidence that counts for this connection: the peer's, and a hop's too where no heartbeats are asked, no
   * client speaks them, this one cannot be asked at present, or it has not shown yet that it does (`enforce: negotiated`).
   */
  get lastActivityAt(): AwakeTime {
    return this.hopCounts ? Math.max(this.lastPeerAt, this.lastHopAt) : this.lastPeerAt;
  }

  /** Whether a hop's evidence keeps this connection. */
  get hopCounts(): boolean {
    return hopCounts(this.block.flags[this.at]!, hopMaskOf(this.server));
  }

  /** Whether what the peer has said may not have reached us, for a reason of our own: it cannot be judged (R2). */
  get isUnheard(): boolean {
    const { socket, server } = this;
    if (this.isPaused || this.raw?.isPaused?.() === true) return true;
    return socket !== undefined && server.driver.isDigesting(socket);
  }

  /** Whether protocol pings reach it: whose silence it is can be told only then (R8). */
  get isPinged(): boolean {
    const { socket, server } = this;
    if (server.settings.protocolPing === false) return false;
    return socket === undefined || server.driver.carriesPings?.(socket) !== false;
  }

  /** Bytes that we sent and that have not left this process. */
  get bufferedBytes(): number {
    return this.socket === undefined ? 0 : this.server.driver.bufferedBytes(this.socket);
  }

  /** Bytes received in data frames since the socket was opened, finished or not (R3). */
  get dataBytes(): number {
    return (this.raw?.bytesRead ?? 0) - this.controlBytes;
  }

  /** Bytes written to the socket, those in our own buffers included. */
  get writtenBytes(): number {
    return this.raw?.bytesWritten ?? 0;
  }
}
