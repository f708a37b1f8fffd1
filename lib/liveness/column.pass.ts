import type { AwakeTime } from '../clock/awake.clock.js';
import type { Clock } from '../clock/clock.js';
import { Slice } from '../clock/slice.js';
import { EMPTY, NOT_OPEN, type ConnectionBlock } from '../connection/connection.block.js';
import type { SweepOrder } from '../connection/connection.commands.js';
import type { Connection } from '../connection/connection.js';
import type { ConnectionRegistry } from '../connection/connection.registry.js';
import type { WatchedServer } from '../connection/watched.server.js';

/** Called with each connection that a glance at its last evidence does not clear. */
export type LookCloser = (connection: Connection, now: AwakeTime) => void;

/** Silence that needs no closer look, in milliseconds. */
export type GlanceLimit = (server: WatchedServer) => number;

/**
 * Passes over all connections, oldest first, in slices between which others may run. Most were heard of lately: that is
 * seen in the columns of their block, without a touch of their records.
 */
export class ColumnPass {
  /** Connections passed. */
  examined = 0;
  private reached = 0;

  constructor(
    private readonly parts: {
      readonly clock: Clock;
      readonly registry: ConnectionRegistry;
      /** Gives the awake time of the next turn of the event loop. */
      readonly nextTurn: () => Promise<AwakeTime>;
    },
  ) {}

  async run(startedAt: AwakeTime, limitOf: GlanceLimit, look: LookCloser): Promise<void> {
    const { clock, registry, nextTurn } = this.parts;
    const slice = new Slice(clock, 1);
    slice.begin();
    let now = startedAt;
    let limits = registry.byServerNumber(limitOf);
    for (;;) {
      const block = registry.blockAfter(this.reached);
      if (block === undefined) return;
      this.glance(block, limits, now, look);
      if (slice.mayGoOn()) continue;
      now = await nextTurn();
      // Servers may have come and gone meanwhile.
      limits = registry.byServerNumber(limitOf);
      slice.begin();
    }
  }

  private glance(block: ConnectionBlock, limits: readonly number[], now: AwakeTime, look: LookCloser): void {
    const { used, flags, lastPeerAt, servers } = block;
    for (let at = block.slotAfter(this.reached); at < used; at++) {
      const flagsOfIt = flags[at]!;
      if ((flagsOfIt & EMPTY) !== 0) continue;
      this.examined++;
      if (now - lastPeerAt[at]! <= limits[servers[at]!]! || (flagsOfIt & NOT_OPEN) !== 0) continue;
      look(block.records[at]!, now);
      if (!block.isRetired) continue;
      this.reached = block.sequences[at]!;
      return;
    }
    this.reached = block.lastSequence;
  }
}

/**
 * How long a connection of a server may have been silent to be passed over in a sweep: as long as it is not stale (R5).
 * Where nothing is asked, everybody is looked at: bytes that have come must be noted at each sweep (R3).
 */
export function glanceLimitOf({ settings }: WatchedServer, { staleAfterMs }: SweepOrder): number {
  const { heartbeat, sweep } = settings;
  if (heartbeat === false) return -Infinity;
  return staleAfterMs ?? (sweep === false ? Infinity : sweep.staleAfterMs);
}
