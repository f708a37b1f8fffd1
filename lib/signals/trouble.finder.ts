import type { AwakeClock } from '../clock/awake.clock.js';
import type { Clock } from '../clock/clock.js';
import type { Crowd } from '../connection/crowd.js';
import type { Finding } from '../lifecycle/lifecycle.events.js';
import type { FindingsBoard } from './findings.board.js';

/** Between two looks; also the span over which the loop's load is measured. */
const LOOK_EVERY_MS = 10_000;
/** Raised above, cleared below: what hovers at the limit must not flap. */
const OVERLOADED = 0.5;
const RELAXED = 0.25;
/** Looks without a trouble, a minute of them, before it is over: slow readers come and go. */
const CALM_LOOKS = 6;
/** Registry and sockets are compared with each sweep only, a minute apart by default. */
const CALM_LOOKS_BETWEEN_SWEEPS = 30;

/** Slow readers that are worth a warning, or one in a hundred where that is more. */
const MANY = 10;

/** What is counted elsewhere and looked at here. */
export interface Troubles {
  readonly connections: number;
  /** Whether any server closes whoever does not answer: not where misses are only observed, or clients are to be won over. */
  readonly isAnswerWanted: boolean;
  /** Connections whose destroyed socket has not reported its end. */
  readonly stuck: number;
  /** Sockets and connections that did not agree since the last look. */
  readonly mismatches: number;
  /** Connections with too much, or something too old, to be sent. */
  readonly backpressured: number;
}

/** Draws conclusions from what was noticed without asking. */
export class TroubleFinder {
  private lookedAt = 0;
  private creditedBefore = 0;
  private nextAt = -Infinity;
  private overloadedLooks = 0;

  constructor(
    private readonly parts: {
      readonly clock: Clock;
      readonly awake: AwakeClock;
      readonly crowd: Pick<Crowd, 'isMute'>;
      readonly board: FindingsBoard;
      readonly troubles: () => Troubles;
    },
  ) {}

  /** Looks, if it is time. */
  tick(): void {
    // By the wall: where the loop is blocked, awake time hardly passes.
    const now = this.parts.clock.monotonic();
    if (now < this.nextAt) return;
    const isFirst = this.nextAt === -Infinity;
    this.nextAt = now + LOOK_EVERY_MS;
    const load = this.measureLoop();
    // What came before the first look was the app's own start.
    if (isFirst) return;
    const troubles = this.parts.troubles();
    this.judgeLoop(load);
    this.lookAtAnswers(troubles);
    this.lookAtSockets(troubles);
  }

  private measureLoop(): { readonly share: number; readonly wallMs: number } {
    const { clock, awake } = this.parts;
    const wallMs = clock.monotonic() - this.lookedAt;
    const creditMs = awake.creditedMs - this.creditedBefore;
    this.lookedAt += wallMs;
    this.creditedBefore += creditMs;
    return { share: wallMs === 0 ? 0 : creditMs / wallMs, wallMs };
  }

  private judgeLoop({ share, wallMs }: { readonly share: number; readonly wallMs: number }): void {
    const { board } = this.parts;
    if (share < RELAXED) board.clear('loop_overloaded');
    this.overloadedLooks = share > OVERLOADED ? this.overloadedLooks + 1 : 0;
    // Once may be a process that was suspended.
    if (this.overloadedLooks < 2) return;
    board.raise({
      signal: 'loop_overloaded',
      severity: 'critical',
      message: `the event loop was blocked for ${Math.round(share * 100)} % of the last ${Math.round(wallMs / 1000)} s: dead connections are found late, since time that nobody could hear in does not count`,
      next_step: 'profile this process (node --cpu-prof) and move the work that blocks it elsewhere',
    });
  }

  private lookAtAnswers({ connections, isAnswerWanted }: Troubles): void {
    const { crowd, board } = this.parts;
    if (!crowd.isMute) board.clear('clients_do_not_answer');
    else board.settle('clients_do_not_answer', muteFinding(connections, isAnswerWanted), CALM_LOOKS);
  }

  private lookAtSockets({ connections, stuck, mismatches, backpressured }: Troubles): void {
    this.count({
      signal: 'close_stuck',
      count: stuck,
      what: 'destroyed sockets have not reported their end: they take memory, and the app does not hear that they are gone',
      nextStep: 'look for a stuck compressor or a removed close listener, or update ws',
    });
    this.count({
      signal: 'registry_mismatch',
      count: mismatches,
      what: 'sockets and tracked connections did not agree when they were last compared, and were made to',
      nextStep: 'look for code that adds sockets to server.clients, or removes close listeners',
      calmLooks: CALM_LOOKS_BETWEEN_SWEEPS,
    });
    this.count({
      signal: 'backpressure',
      count: backpressured,
      // In a large crowd somebody always reads slowly, and anybody can.
      severity: backpressured >= Math.max(MANY, connections / 100) ? 'warning' : 'info',
      what: `of ${connections} connections read more slowly than they are sent to: what waits for them takes memory`,
      nextStep: 'send less to slow readers, or set backpressure.action to "close"',
    });
  }

  private count(trouble: {
    readonly signal: 'close_stuck' | 'registry_mismatch' | 'backpressure';
    readonly count: number;
    readonly what: string;
    readonly nextStep: string;
    readonly severity?: Finding['severity'];
    readonly calmLooks?: number;
  }): void {
    const { signal, count, what, nextStep, severity = 'warning', calmLooks = CALM_LOOKS } = trouble;
    const finding: Finding = {
      signal,
      severity,
      message: `${count} ${what}`,
      next_step: nextStep,
    };
    this.parts.board.settle(signal, count === 0 ? undefined : finding, calmLooks);
  }
}

function muteFinding(connections: number, isAnswerWanted: boolean): Finding | undefined {
  if (connections === 0) return undefined;
  const said = `no client has ever answered a heartbeat (${connections} are connected)`;
  if (!isAnswerWanted) {
    return {
      signal: 'clients_do_not_answer',
      severity: 'info',
      message: `${said}, and none is held to it: protocol pongs count as evidence of life`,
      next_step: 'let clients answer server_ping with client_pong, then set heartbeat.enforce to "always"',
    };
  }
  return {
    signal: 'clients_do_not_answer',
    severity: 'critical',
    message: `${said}, so that nobody is closed for a miss: protocol pongs count as evidence of life until one answers`,
    next_step:
      'let clients answer server_ping with client_pong; for clients that cannot, set heartbeat: false',
  };
}
