import type { AwakeClock, AwakeTime } from '../clock/awake.clock.js';
import type { Clock } from '../clock/clock.js';
import type { Connection } from '../connection/connection.js';
import type { ConnectionFollower } from '../connection/connection.follower.js';
import { PacedWheel } from './paced.wheel.js';
import { PhaseSpreader } from './phase.spreader.js';
import type { WheelEntry } from './timing.wheel.js';

class PingTurn implements WheelEntry<PingTurn> {
  dueTick = -1;
  previousDue: PingTurn | undefined = undefined;
  nextDue: PingTurn | undefined = undefined;

  constructor(readonly connection: Connection) {}
}

/** Sends protocol pings where they have an interval of their own beside the heartbeats'. */
export class ProtocolPinger implements ConnectionFollower {
  private readonly wheel: PacedWheel<PingTurn>;
  private readonly turns = new Map<Connection, PingTurn>();
  private readonly spreader = new PhaseSpreader();

  constructor(
    private readonly parts: {
      readonly clock: Clock;
      readonly awake: AwakeClock;
      /** Runs after the next poll phase (R2). */
      readonly afterPoll: (run: (now: AwakeTime) => void) => void;
      readonly ping: (connection: Connection) => void;
    },
  ) {
    this.wheel = new PacedWheel({ ...parts, due: (turn, now) => this.turnTo(turn, now) });
  }

  opened(connection: Connection): void {
    const { heartbeat, protocolPing } = connection.server.settings;
    if (heartbeat === false || protocolPing === false || protocolPing.intervalMs === undefined) return;
    const turn = new PingTurn(connection);
    this.turns.set(connection, turn);
    this.wheel.schedule(turn, this.spreader.firstBeat(this.parts.awake.now(), protocolPing.intervalMs));
  }

  forgotten(connection: Connection): void {
    this.closing(connection);
  }

  closing(connection: Connection): void {
    const turn = this.turns.get(connection);
    if (turn === undefined) return;
    this.wheel.cancel(turn);
    this.turns.delete(connection);
  }

  /** Does what is due, in slices. */
  tick(now: AwakeTime): void {
    this.wheel.tick(now);
  }

  private turnTo(turn: PingTurn, now: AwakeTime): void {
    const { protocolPing } = turn.connection.server.settings;
    if (protocolPing === false) return;
    this.wheel.schedule(turn, now + protocolPing.intervalMs!);
    this.parts.ping(turn.connection);
  }
}
