import { once } from 'node:events';

import type { RawData, WebSocket } from 'ws';

import type { AuditAnswer, AuditAsk, AuditBegun } from '../../protocol/audit.messages.js';
import { AuditImpossibleError, type AuditTarget } from './audit.target.js';
import { openSocket, type OpenSocket } from './handshake.js';

/** How a probe's connection ended on this side. `at` is of `performance.now()`. */
export interface ProbeEnd {
  readonly code: number;
  readonly reason: string;
  readonly at: number;
}

type Question = AuditAsk extends infer Ask ? (Ask extends AuditAsk ? Omit<Ask, 'id'> : never) : never;
type Waiting = (answer: AuditAnswer | undefined) => void;

/** One connection of an audit that the gateway has accepted as one. */
export class Probe {
  /** Payloads of the protocol pings that arrived. */
  readonly pings: string[] = [];
  /** Protocol pings are answered. */
  answersPings = true;
  /** Messages that are none of the audit's: the app's, or heartbeats. */
  strangers = 0;
  end: ProbeEnd | undefined;
  readonly ended: Promise<ProbeEnd>;

  private readonly waiting = new Map<number, Waiting>();
  private readonly sizes: number[] = [];
  private awaitsSize: (() => void) | undefined;
  private lastId = 0;

  private constructor(
    readonly opened: OpenSocket,
    private readonly waitMs: number,
  ) {
    const { socket } = opened;
    this.ended = new Promise((resolve) => {
      socket.once('close', (code, reason) => {
        this.end = { code, reason: String(reason), at: performance.now() };
        for (const answer of this.waiting.values()) answer(undefined);
        this.awaitsSize?.();
        resolve(this.end);
      });
    });
    socket.on('message', (data, isBinary) => this.heard(data, isBinary));
    socket.on('ping', (payload) => this.pinged(socket, payload));
  }

  /** What the gateway said of this connection. */
  begun!: AuditBegun;

  /**
   * Connects and proves the token.
   *
   * @throws AuditImpossibleError where no audit takes place
   */
  static async open(target: AuditTarget): Promise<Probe> {
    const probe = new Probe(await openSocket(target), target.waitMs);
    const { token, run } = target;
    const answer = await probe.ask({ ask: 'begin', token, run });
    if (answer !== undefined && 'begun' in answer) {
      probe.begun = answer.begun;
      return probe;
    }
    probe.kill();
    throw notBegun(target.url, answer, probe.end);
  }

  /** @returns the answer, or `undefined` when none came in time or the connection has ended */
  ask(question: Question, waitMs = this.waitMs): Promise<AuditAnswer | undefined> {
    const id = ++this.lastId;
    return new Promise((resolve) => {
      const timer = setTimeout(() => settle(undefined), waitMs);
      const settle: Waiting = (answer) => {
        clearTimeout(timer);
        this.waiting.delete(id);
        resolve(answer);
      };
      this.waiting.set(id, settle);
      this.send(JSON.stringify({ type: 'client_audit', id, ...question }));
      if (this.end !== undefined) settle(undefined);
    });
  }

  /** Sends a question that has no answer. */
  tell(question: Question): void {
    this.send(JSON.stringify({ type: 'client_audit', id: 0, ...question }));
  }

  /** Sends a protocol ping. @returns milliseconds until its pong, or `undefined` for none in time */
  async ping(nonce: string, waitMs = this.waitMs): Promise<number | undefined> {
    const { socket } = this.opened;
    if (this.end !== undefined) return undefined;
    const sentAt = performance.now();
    const signal = AbortSignal.timeout(waitMs);
    socket.ping(nonce);
    try {
      let payload: Buffer | undefined;
      do [payload] = (await once(socket, 'pong', { signal })) as [Buffer];
      while (String(payload) !== nonce);
      return performance.now() - sentAt;
    } catch {
      return undefined;
    }
  }

  /** Sends a message of so many bytes that is no question. */
  sendBytes(bytes: number): void {
    this.send(new Uint8Array(bytes));
  }

  /** Waits for a message of so many bytes, to arrive here or, as the gateway says, there. */
  async size(bytes: number, waitMs: number): Promise<boolean> {
    const deadline = performance.now() + waitMs;
    while (!this.sizes.includes(bytes)) {
      const leftMs = deadline - performance.now();
      if (leftMs <= 0 || this.end !== undefined) return false;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, leftMs);
        this.awaitsSize = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    return true;
  }

  /** Ends the TCP connection without a word; what is unread here makes a reset of it. */
  kill(): void {
    this.opened.socket.terminate();
  }

  /** Resets the TCP connection. @returns false where that cannot be done */
  reset(): boolean {
    try {
      this.opened.raw.resetAndDestroy();
      return true;
    } catch {
      // Of a TLS connection Node cannot reset what is below.
      return false;
    }
  }

  private send(data: string | Uint8Array): void {
    const { socket } = this.opened;
    if (socket.readyState === socket.OPEN) socket.send(data, { compress: false }, () => undefined);
  }

  private pinged(socket: WebSocket, payload: Buffer): void {
    this.pings.push(String(payload));
    if (this.answersPings && socket.readyState === socket.OPEN) socket.pong(payload);
  }

  private heard(data: RawData, isBinary: boolean): void {
    const bytes = data as Buffer;
    if (isBinary) this.sized(bytes.byteLength);
    else this.heardText(String(bytes));
  }

  private heardText(text: string): void {
    const answer = answerOf(text);
    if (answer === undefined) this.strangers++;
    else if ('got' in answer) this.sized(answer.got);
    else if (!('drip' in answer)) this.answered(answer);
  }

  private answered(answer: Exclude<AuditAnswer, { got: number } | { drip: number }>): void {
    // A refusal of what could not be understood names no question: it was the last one.
    this.waiting.get(answer.id ?? this.lastId)?.(answer);
  }

  private sized(bytes: number): void {
    this.sizes.push(bytes);
    this.awaitsSize?.();
  }
}

function answerOf(text: string): AuditAnswer | undefined {
  if (!text.includes('server_audit')) return undefined;
  try {
    const { type, ...answer } = JSON.parse(text) as { type?: unknown } & AuditAnswer;
    return type === 'server_audit' ? (answer as AuditAnswer) : undefined;
  } catch {
    return undefined;
  }
}

const REFUSALS = {
  token: 'the gateway does not accept the token: it must be that of its option audit.token',
  rate_limited:
    'the gateway refuses audits at present, after too many within a minute: wait for one, and try again',
  too_many: 'too many connections of audits are open at this gateway: wait for them to end',
  malformed: 'the gateway did not understand the audit: are this command and the gateway of one version?',
};

function notBegun(
  url: string,
  answer: AuditAnswer | undefined,
  end: ProbeEnd | undefined,
): AuditImpossibleError {
  if (answer !== undefined && 'refused' in answer)
    return new AuditImpossibleError('REFUSED', `${url}: ${REFUSALS[answer.refused]}`);
  if (end !== undefined) {
    const reason = end.reason === '' ? '' : ` "${end.reason}"`;
    return new AuditImpossibleError(
      'CLOSED',
      `${url}: the connection was closed with ${end.code}${reason} before an audit could begin: does the app want credentials (--header), or is the gateway not reached?`,
    );
  }
  return new AuditImpossibleError(
    'NO_ANSWER',
    `${url}: a WebSocket opens, but nobody answers the audit: the gateway has its option audit off (the default), or it is none of ConnectionHealthModule's`,
  );
}
