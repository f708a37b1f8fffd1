import type { AwakeClock } from '../clock/awake.clock.js';
import type { Clock } from '../clock/clock.js';
import type { Crowd } from '../connection/crowd.js';
import type { FindingsBoard } from './findings.board.js';

/** Between two looks; also the span over which the loop's load is measured. */
const LOOK_EVERY_MS = 10_000;
/** Raised above, cleared below: what hovers at the limit must not flap. */
const OVERLOADED = 0.5;
const RELAXED = 0.25;

/** What is counted elsewhere and looked at here. */
export interface Troubles {
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

  constructor(
    private readonly parts: {
      readonly clock: Clock;
      readonly awake: AwakeClock;
      readonly crowd: Crowd;
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
    this.judgeLoop(load);
    this.lookAtAnswers();
    this.lookAtSockets();
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
    if (share <= OVERLOADED) return;
    board.raise({
      signal: 'loop_overloaded',
      severity: 'critical',
      message: `the event loop was blocked for ${Math.round(share * 100)} % of the last ${Math.round(wallMs / 1000)} s: dead connections are found late, since time that nobody could hear in does not count`,
      next_step: 'profile this process (node --cpu-prof) and move the work that blocks it elsewhere',
    });
  }

  private lookAtAnswers(): void {
    const { crowd, board } = this.parts;
    if (!crowd.isMute) {
      board.clear('clients_do_not_answer');
      return;
    }
    board.raise({
      signal: 'clients_do_not_answer',
      severity: 'critical',
      message: 'no client has ever answered a heartbeat, so that nobody is closed for a miss',
      next_step: 'let clients answer server_ping with client_pong, or set heartbeat: false',
    });
  }

  private lookAtSockets(): void {
    const { stuck, mismatches, backpressured } = this.parts.troubles();
    this.count(
      'close_stuck',
      stuck,
      'destroyed sockets have not reported their end',
      'look for a stuck compressor, or update ws',
    );
    this.count(
      'registry_mismatch',
      mismatches,
      'sockets and tracked connections did not agree since the last look, and were made to',
      'look for code that adds sockets to server.clients, or removes close listeners',
    );
    this.count(
      'backpressure',
      backpressured,
      'connections read more slowly than they are sent to',
      'send less to slow readers, or set backpressure.action to "close"',
    );
  }

  private count(
    signal: 'close_stuck' | 'registry_mismatch' | 'backpressure',
    count: number,
    what: string,
    nextStep: string,
  ): void {
    if (count === 0) this.parts.board.clear(signal);
    else
      this.parts.board.raise({
        signal,
        severity: 'warning',
        message: `${count} ${what}`,
        next_step: nextStep,
      });
  }
}
