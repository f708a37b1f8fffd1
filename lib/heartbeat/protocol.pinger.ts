import type { AwakeClock, AwakeTime } from '../clock/awake.clock.js';
import type { Connection } from '../connection/connection.js';
import type { ConnectionFollower } from '../connection/connection.follower.js';
import { PhaseSpreader } from './phase.spreader.js';
import { TimingWheel, type WheelEntry } from './timing.wheel.js';

class PingTurn implements WheelEntry<PingTurn> {
  dueTick = -1;
  previousDue: PingTurn | undefined = undefined;
  nextDue: PingTurn | undefined = undefined;

  constructor(readonly connection: Connection) {}
}

/** Sends protocol pings where they have an interval of their own beside the heartbeats'. */
export class ProtocolPinger implements ConnectionFollower {
  private readonly wheel: TimingWheel<PingTurn>;
  private readonly turns = new Map<Connection, PingTurn>();
  private readonly spreader = new PhaseSpreader();

  constructor(
    private readonly parts: {
      readonly awake: AwakeClock;
      readonly ping: (connection: Connection) => void;
    },
  ) {
    this.wheel = new TimingWheel(parts.awake.now());
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

  /** Does what is due. */
  tick(now: AwakeTime): void {
    this.wheel.advance(now, (turn) => {
      const { protocolPing } = turn.connection.server.settings;
      if (protocolPing === false) return;
      this.wheel.schedule(turn, now + protocolPing.intervalMs!);
      this.parts.ping(turn.connection);
    });
  }
}
