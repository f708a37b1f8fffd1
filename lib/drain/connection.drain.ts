import type { Clock } from '../clock/clock.js';
import type { ConnectionCloser } from '../connection/connection.closer.js';
import type { Connection } from '../connection/connection.js';
import type { ConnectionFollower } from '../connection/connection.follower.js';
import type { ConnectionRegistry } from '../connection/connection.registry.js';
import type { WatchedServer } from '../connection/watched.server.js';
import type { LifecycleBus } from '../lifecycle/lifecycle.bus.js';
import type { DrainReport } from '../lifecycle/lifecycle.events.js';
import { drainTurnOf, type DrainSettings } from './drain.plan.js';

/** Between two batches of closes, and between two looks whether all have gone. */
const BATCH_MS = 50;

/** A server that can be told to take nobody in. */
export interface DrainableServer extends WatchedServer {
  readonly server: object;
}

/** Closes everybody on purpose, slowly, each with a time to come back. */
export class ConnectionDrain implements ConnectionFollower {
  private running: Promise<DrainReport> | undefined;
  private readonly reopen: (() => void)[] = [];

  constructor(
    private readonly parts: {
      readonly clock: Clock;
      readonly registry: ConnectionRegistry;
      readonly closer: ConnectionCloser;
      readonly bus: LifecycleBus;
      readonly settings: DrainSettings;
      readonly servers: () => Iterable<DrainableServer>;
      /** Resolves when the app's own hooks that are under way have ended. */
      readonly hooksSettled: () => Promise<void>;
      /** Tells a client when to come back. */
      readonly farewell: (connection: Connection, reconnectInMs: number) => void;
    },
  ) {}

  /** Whether nobody is let in any more. */
  get isDraining(): boolean {
    return this.running !== undefined;
  }

  /** Drains, once: whoever calls again gets the same report. Bounded by `timeoutMs`. */
  drain(): Promise<DrainReport> {
    this.running ??= this.run();
    return this.running;
  }

  /** Whoever slips in, because its upgrade was under way, is sent away when its gateway has seen it. */
  opened(connection: Connection): void {
    if (!this.isDraining) return;
    const { clock, settings } = this.parts;
    clock.afterPoll(() => this.sendAway(connection, Math.round(Math.random() * settings.reconnectSpreadMs)));
  }

  /** A server that is watched from now on takes nobody in either. */
  watched({ driver, server }: DrainableServer): void {
    if (this.isDraining) this.reopen.push(driver.refuseUpgrades(server, this.retryAfterS));
  }

  /** Lets clients in again; for when the server outlives us. */
  release(): void {
    for (const undo of this.reopen.splice(0)) undo();
  }

  private async run(): Promise<DrainReport> {
    const { clock, bus, registry, settings } = this.parts;
    const startedAt = clock.monotonic();
    const deadline = startedAt + settings.readinessDelayMs + settings.timeoutMs;
    this.refuseNewcomers();
    bus.publish('drain_started', () => ({ connections: registry.size }));
    await this.sleep(settings.readinessDelayMs);
    const connections = [...registry].filter(({ state }) => state === 'open');
    await this.closeInBatches(connections, deadline);
    await this.untilGone(connections, deadline);
    const report = {
      durationMs: Math.round(clock.monotonic() - startedAt),
      connections: connections.length,
      closed: connections.filter(({ state }) => state === 'closed').length,
    };
    bus.publish('drained', () => ({ report }));
    return report;
  }

  private refuseNewcomers(): void {
    for (const { driver, server } of this.parts.servers()) {
      this.reopen.push(driver.refuseUpgrades(server, this.retryAfterS));
    }
  }

  private get retryAfterS(): number {
    const { spreadMs, reconnectSpreadMs } = this.parts.settings;
    return Math.max(1, Math.ceil((spreadMs + reconnectSpreadMs) / 1000));
  }

  private async closeInBatches(connections: readonly Connection[], deadline: number): Promise<void> {
    const { clock, settings } = this.parts;
    const startedAt = clock.monotonic();
    let next = 0;
    while (next < connections.length) {
      const elapsedMs = clock.monotonic() - startedAt;
      // Who would come too late for the deadline goes now: a close frame is better than being cut off.
      const isLate = clock.monotonic() + BATCH_MS >= deadline;
      for (; next < connections.length; next++) {
        const { closeAfterMs, reconnectInMs } = drainTurnOf(next, connections.length, settings);
        if (closeAfterMs > elapsedMs && !isLate) break;
        this.sendAway(connections[next]!, reconnectInMs);
      }
      if (next < connections.length) await this.sleep(BATCH_MS);
    }
  }

  private sendAway(connection: Connection, reconnectInMs: number): void {
    if (connection.state !== 'open') return;
    this.parts.farewell(connection, reconnectInMs);
    this.parts.closer.close(connection, { reason: 'shutdown' });
  }

  private async untilGone(connections: readonly Connection[], deadline: number): Promise<void> {
    const { clock, hooksSettled } = this.parts;
    while (connections.some(({ state }) => state !== 'closed') && clock.monotonic() < deadline)
      await this.sleep(BATCH_MS);
    await this.within(deadline - clock.monotonic(), hooksSettled());
  }

  /** Waits for something, but not longer than so many milliseconds. */
  private async within(ms: number, done: Promise<void>): Promise<void> {
    if (ms <= 0) return;
    let stop: (() => void) | undefined;
    const late = new Promise<void>((resolve) => (stop = this.parts.clock.every(ms, resolve)));
    await Promise.race([done, late]);
    stop?.();
  }

  private sleep(ms: number): Promise<void> {
    if (ms <= 0) return Promise.resolve();
    return new Promise((resolve) => {
      const stop = this.parts.clock.every(ms, () => {
        stop();
        resolve();
      });
    });
  }
}
