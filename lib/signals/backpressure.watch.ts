import type { AwakeTime } from '../clock/awake.clock.js';
import type { ConnectionCloser } from '../connection/connection.closer.js';
import type { Connection } from '../connection/connection.js';
import type { ConnectionFollower } from '../connection/connection.follower.js';
import type { BackpressureSettings } from '../connection/connection.settings.js';
import type { ConnectionPhotographer } from '../connection/connection.snapshot.js';
import { observeOutflow } from '../connection/outflow.js';
import type { LifecycleBus } from '../lifecycle/lifecycle.bus.js';

/** How much waits to be sent, and for how long the oldest of it has. */
interface Pile {
  readonly bufferedBytes: number;
  readonly oldestMs: number;
}

const NOTHING: Pile = { bufferedBytes: 0, oldestMs: 0 };

/** Notices readers that are too slow for what is sent to them. */
export class BackpressureWatch implements ConnectionFollower {
  /** Connections over a limit at present. */
  private readonly over = new Set<Connection>();

  constructor(
    private readonly parts: {
      readonly closer: ConnectionCloser;
      readonly bus: LifecycleBus;
      readonly photographer: ConnectionPhotographer;
    },
  ) {}

  get count(): number {
    return this.over.size;
  }

  /** Looks at a connection at its turn. */
  turned(connection: Connection, now: AwakeTime): void {
    const { backpressure } = connection.server.settings;
    if (backpressure === false) return;
    const pile = pileOf(connection, now);
    if (isOver(pile, backpressure, 1)) this.tooMuch(connection, backpressure, pile);
    else if (this.over.has(connection) && !isOver(pile, backpressure, 1 / 2)) this.relieved(connection);
  }

  forgotten(connection: Connection): void {
    this.takeOut(connection);
  }

  /** A connection is going. */
  closing(connection: Connection): void {
    this.takeOut(connection);
  }

  private tooMuch(connection: Connection, { action }: BackpressureSettings, pile: Pile): void {
    if (this.over.has(connection)) return;
    this.over.add(connection);
    connection.server.tally.backpressured++;
    this.parts.bus.publish('backpressured', () => ({
      connection: this.parts.photographer.take(connection),
      ...pile,
    }));
    if (action === 'close') this.parts.closer.close(connection, { reason: 'backpressure' });
  }

  private takeOut(connection: Connection): void {
    if (this.over.delete(connection)) connection.server.tally.backpressured--;
  }

  private relieved(connection: Connection): void {
    this.takeOut(connection);
    this.parts.bus.publish('backpressure_relieved', () => ({
      connection: this.parts.photographer.take(connection),
    }));
  }
}

function pileOf(connection: Connection, now: AwakeTime): Pile {
  const outflow = observeOutflow(connection, now);
  if (outflow === undefined) return NOTHING;
  return { bufferedBytes: connection.bufferedBytes, oldestMs: now - outflow.oldestAt };
}

function isOver(pile: Pile, limits: BackpressureSettings, share: number): boolean {
  return pile.bufferedBytes > limits.maxBufferedBytes * share || pile.oldestMs > limits.maxAgeMs * share;
}
