import type { ConnectionHealthModuleOptions } from 'nestjs-connection-health';

import type { NetworkNamespace } from '../../process/network.namespace.js';
import { sleep, until } from '../../support/wait.js';
import { startProxy, type RunningProxy } from '../lab.js';
import type { ClientReport } from './crowd/crowd.process.js';
import { Crowd, doorOf, fateOf, type Door, type Fate } from './crowd/crowd.js';
import {
  clientsOf,
  outcomeOf,
  type FoundGhost,
  type Observation,
  type Outcome,
  type RowResult,
} from './proof.result.js';
import { IDLE_INTERVALS, type Row } from './rows.js';
import { ProofServers, WATCHES, type Watch } from './servers/proof.servers.js';

const LOOPBACK = '127.0.0.1';

export interface ProofPlan {
  readonly rows: readonly Row[];
  /** Of our module. */
  readonly options: ConnectionHealthModuleOptions;
  /** Between two heartbeats, and two pings of the loop that we are compared with. */
  readonly intervalMs: number;
  /** How long to watch what becomes of the crowd after it has met its fates. */
  readonly watchMs: number;
  /** Whose link is cut; without one nobody vanishes. */
  readonly network: NetworkNamespace | undefined;
}

/** Sends the same crowd to the same app on every way, lets it meet its fates, and looks who is still held. */
export class Proof {
  private servers: ProofServers | undefined;
  private readonly proxies: RunningProxy[] = [];
  private readonly crowd: Crowd;
  private readonly host: string;
  private metAt: ReadonlyMap<Fate, number> = new Map();

  constructor(private readonly plan: ProofPlan) {
    this.crowd = new Crowd(plan.network);
    this.host = plan.network?.outsideAddress ?? LOOPBACK;
  }

  /** @throws Error before {@link run} */
  get running(): ProofServers {
    if (this.servers === undefined) throw new Error('the proof has not been run');
    return this.servers;
  }

  get fates(): readonly Fate[] {
    return this.crowd.fates;
  }

  async run(): Promise<RowResult[]> {
    const { rows, options, intervalMs, watchMs } = this.plan;
    this.servers = await ProofServers.start(this.host, options, intervalMs);
    await this.crowd.gather(await this.openDoors(rows));
    await this.everybodyHasAnswered();
    this.metAt = await this.crowd.meetFates();
    await sleep(watchMs);
    return rows.map((row) => this.resultOf(row));
  }

  /** Everybody leaves, whatever has happened. */
  async end(): Promise<void> {
    await this.crowd.end();
    await Promise.all(this.proxies.map((proxy) => proxy.stop()));
    await this.servers?.stop();
  }

  /** Clients of ours that live, and whose own end of the connection has closed. */
  async lostByTheirOwnAccount(): Promise<ClientReport[]> {
    const reports = await this.crowd.living();
    return reports.filter(({ isOpen, url }) => !isOpen && new URL(url).pathname === '/ours');
  }

  /** Waits for all of them, also where one fails: what is still starting could not be stopped. */
  private async openDoors(rows: readonly Row[]): Promise<Door[]> {
    const opened = await Promise.allSettled(rows.map((row) => this.doorsOf(row)));
    return opened.flatMap((door) => {
      if (door.status === 'rejected') throw door.reason;
      return door.value;
    });
  }

  private async doorsOf(row: Row): Promise<Door[]> {
    const origin = await this.originOf(row);
    return WATCHES.map((watch) => ({
      name: row.name,
      urlFor: (who) => `${origin}/${watch}?who=${who}`,
    }));
  }

  private async originOf({ proxy, cutsIdle }: Row): Promise<string> {
    const { host } = this;
    const { port } = this.running.front;
    if (proxy === undefined) return `ws://${host}:${port}`;
    // Elsewhere it is ten minutes: no idle limit may take the work of finding ghosts away.
    const idleTimeoutMs = cutsIdle ? IDLE_INTERVALS * this.plan.intervalMs : undefined;
    const running = await startProxy(proxy.name, {
      backend: { host, port },
      listen: host,
      ...(proxy.behaviour === undefined ? {} : { behaviour: proxy.behaviour }),
      ...(idleTimeoutMs === undefined ? {} : { idleTimeoutMs }),
    });
    this.proxies.push(running);
    return new URL(running.url()).origin;
  }

  private everybodyHasAnswered(): Promise<void> {
    const { service } = this.running.ours;
    const count = this.plan.rows.length * clientsOf(this.plan.rows[0]!, this.crowd.fates).length;
    return until(
      'everybody has answered a heartbeat',
      () => {
        const connections = service.connections();
        return connections.length === count && connections.every(({ latencyMs }) => latencyMs !== undefined);
      },
      2 * this.plan.intervalMs + 20_000,
    );
  }

  private resultOf(row: Row): RowResult {
    const outcomeFor = (watch: Watch): Outcome => outcomeOf(row, this.observe(watch));
    return {
      row,
      outcomes: { nothing: outcomeFor('nothing'), pings: outcomeFor('pings'), ours: outcomeFor('ours') },
      found: this.ghostsOf(row),
    };
  }

  private observe(watch: Watch): Observation {
    const { held, goneAt } = this.running.gateways[watch];
    return { held: [...held.values()], goneAt, fates: this.crowd.fates, metAt: this.metAt };
  }

  private ghostsOf(row: Row): FoundGhost[] {
    const { ours } = this.running;
    const held = new Set(ours.eventsOf('held').map(({ connection }) => connection.identity));
    const missed = new Map(ours.eventsOf('missed').map(({ at, connection }) => [connection.identity, at]));
    const closed = ours.eventsOf('closed').filter(({ ghost }) => ghost !== undefined);
    return closed.flatMap(({ ghost, connection: { identity } }): FoundGhost[] => {
      if (identity === undefined || doorOf(identity) !== row.name) return [];
      const foundMs = missed.get(identity)! - (this.metAt.get(fateOf(identity)) ?? Infinity);
      return [{ who: identity, kind: ghost, foundMs, wasHeld: held.has(identity) }];
    });
  }
}
