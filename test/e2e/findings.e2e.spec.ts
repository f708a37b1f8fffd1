import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { WebSocketGateway } from '@nestjs/websockets';
import type { ConnectionHealthModuleOptions, Finding } from 'nestjs-connection-health';
import { FakeClock, FaultyPeer, healthyPeer, pingAnsweringPeer } from 'nestjs-connection-health/testing';
import type { Socket } from 'node:net';

import type { ConnectionHealthRuntime } from '../../lib/connection-health.runtime.js';
import { MemoryLogger, startApp, type TestApp } from '../support/app.js';
import { TestClient } from '../support/client.js';

// Virtual time is computed, and a busy machine computes slowly.
jest.setTimeout(180_000);

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

@WebSocketGateway()
class PlainGateway {}

/** What a terminating proxy makes of a client: until the client leaves, its heartbeats are answered; pings for ever. */
class ProxiedClient {
  isThere = true;

  async connect(url: string): Promise<FaultyPeer> {
    return FaultyPeer.connect(url, { reply: (message) => this.reply(message) });
  }

  private reply(message: string): string | undefined {
    const { type, ts } = JSON.parse(message) as { type: string; ts: number };
    return this.isThere && type === 'server_ping' ? JSON.stringify({ type: 'client_pong', ts }) : undefined;
  }
}

describe('the findings of a real app', () => {
  let clock: FakeClock;
  let logger: MemoryLogger;
  let running: TestApp;
  const peers: FaultyPeer[] = [];

  async function start(options: ConnectionHealthModuleOptions = {}): Promise<void> {
    clock = new FakeClock();
    logger = new MemoryLogger();
    running = await startApp([PlainGateway], { clock, drain: false, ...options }, { logger });
  }

  async function add(count: number, connect: (url: string) => Promise<FaultyPeer>): Promise<void> {
    for (let number = 0; number < count; number++) peers.push(await connect(running.url));
  }

  async function proxied(count: number): Promise<ProxiedClient[]> {
    const clients = Array.from({ length: count }, () => new ProxiedClient());
    for (const client of clients) peers.push(await client.connect(running.url));
    return clients;
  }

  const findings = (): readonly Finding[] => running.service.snapshot().findings;
  const signals = (): string[] => findings().map(({ signal, severity }) => `${signal} ${severity}`);
  const told = (): string[] =>
    running.events.flatMap((event) => {
      if (event.type === 'finding_raised') return [`+${event.finding.signal} ${event.finding.severity}`];
      return event.type === 'finding_cleared' ? [`-${event.finding.signal}`] : [];
    });
  const logged = (): string[] =>
    logger.lines.flatMap(({ message }) => {
      const { type, signal } = (message ?? {}) as { type?: string; signal?: string };
      return type?.startsWith('finding_') === true ? [`${type} ${signal}`] : [];
    });

  afterEach(async () => {
    await Promise.all(peers.splice(0).map((peer) => peer.end()));
    await clock.advanceUntil(running.app.close());
  });

  it('stay away from a healthy crowd', async () => {
    await start({ leak: { growthPerHour: 1, minSample: 1, ghostsPerHour: 1 } });
    await add(8, healthyPeer);
    await clock.advance(3 * HOUR);
    expect(findings()).toEqual([]);
    expect(told()).toEqual([]);
  });

  it('tell ghosts behind a terminating proxy from the living, are logged once each way, and go when it is mended', async () => {
    await start();
    await add(3, healthyPeer);
    const clients = await proxied(7);
    await clock.advance(MINUTE);
    for (const client of clients) client.isThere = false;
    await clock.advance(2 * MINUTE);
    const [finding] = findings();
    expect(finding).toMatchObject({ signal: 'ghosts_behind_terminating_proxy', severity: 'warning' });
    expect(finding!.message).toMatch(
      /^7 of 7 ghosts of the last 10 minutes answered protocol pings, but no heartbeat/,
    );
    expect(finding!.next_step).toMatch(/lua-resty-websocket, Kong/);
    await clock.advance(HOUR / 2);
    expect(findings()).toEqual([]);
    expect(told()).toEqual(['+ghosts_behind_terminating_proxy warning', '-ghosts_behind_terminating_proxy']);
    expect(logged()).toEqual([
      'finding_raised ghosts_behind_terminating_proxy',
      'finding_cleared ghosts_behind_terminating_proxy',
    ]);
    expect(running.service.snapshot().total_connections).toBe(3);
  });

  it('say that clients which never answered may only not speak heartbeats', async () => {
    await start();
    await add(3, healthyPeer);
    await add(6, pingAnsweringPeer);
    await clock.advance(2 * MINUTE);
    expect(signals()).toEqual(['ghosts_behind_terminating_proxy info']);
    expect(findings()[0]!.message).toContain('6 of them answer protocol pings and have never answered');
    expect(findings()[0]!.next_step).toContain('set heartbeat.enforce to "negotiated"');
  });

  it('suspect a leak that is only observed, prove it after a minute, and are content when it is swept', async () => {
    await start({ heartbeat: { enforce: 'observe' }, leak: { minSample: 8 } });
    await add(3, healthyPeer);
    const clients = await proxied(7);
    await clock.advance(MINUTE);
    for (const client of clients) client.isThere = false;
    await clock.advance(5 * MINUTE + 10_000);
    expect(signals()).toEqual(['ghosts_behind_terminating_proxy warning', 'stale_ratio warning']);
    expect(findings()[0]!.message).toContain('(7 of them only observed, not closed)');
    expect(findings()[1]!.message).toMatch(
      /^7 of 10 connections have given no evidence of life for 5 minutes or more \(70 %, limit 50 %\)/,
    );
    await clock.advance(1.5 * MINUTE);
    expect(signals()[0]).toBe('stale_ratio critical');
    const sweeping = running.service.sweep({ staleAfterMs: 300_000, dryRun: false });
    expect(await clock.advanceUntil(sweeping)).toMatchObject({ closed: 7 });
    await clock.advance(2 * MINUTE);
    expect(signals()).toEqual(['ghosts_behind_terminating_proxy warning']);
    expect(told().filter((each) => each.includes('stale_ratio'))).toEqual([
      '+stale_ratio warning',
      '+stale_ratio critical',
      '-stale_ratio',
    ]);
    expect(logged().filter((each) => each.includes('stale_ratio'))).toHaveLength(3);
  });

  it('do not take a crowd for a leak that answers protocol pings while heartbeats are tried out', async () => {
    await start({ heartbeat: { enforce: 'observe' }, leak: { minSample: 8 } });
    await add(3, healthyPeer);
    await add(7, pingAnsweringPeer);
    await clock.advance(20 * MINUTE);
    // A suspicion, which says what it may be instead, and never a proof.
    expect(signals()).toContain('stale_ratio warning');
    expect(findings().find(({ signal }) => signal === 'stale_ratio')!.message).toContain(
      '7 of them answer protocol pings and have never answered a heartbeat',
    );
  });

  it('find connections that grow without the people behind them', async () => {
    await start({
      leak: { growthPerHour: 4, minSample: 4 },
      identify: () => 'the only one',
    });
    await add(4, healthyPeer);
    await clock.advance(70 * MINUTE);
    for (let count = 0; count < 8; count++) {
      await add(1, healthyPeer);
      await clock.advance(4 * MINUTE);
    }
    expect(signals()).toEqual(['growth warning']);
    expect(findings()[0]!.message).toMatch(
      /^[5-8] connections more than 4\d minutes ago \(\d+ → 12\), while their identities went from 1 to 1/,
    );
  });

  it('find connections that keep breaking, with their codes', async () => {
    await start({ leak: { minSample: 6 } });
    for (let minute = 0; minute < 6; minute++) {
      for (let number = 0; number < 2; number++) {
        const client = await TestClient.connect(running.url);
        (client.socket as unknown as { _socket: Socket })._socket.resetAndDestroy();
      }
      await clock.advance(MINUTE);
    }
    expect(signals()).toEqual(['socket_errors warning']);
    expect(findings()[0]!.message).toMatch(
      /^\d+ of \d+ connections that ended by themselves in the last 10 minutes \(100 %\) failed in TCP: ECONNRESET \d+/,
    );
  });

  it('are not looked for with leak: false, which costs nothing', async () => {
    await start({ heartbeat: { enforce: 'observe' }, leak: false });
    const runtime = running.service['runtime'] as ConnectionHealthRuntime;
    await add(3, healthyPeer);
    const clients = await proxied(7);
    await clock.advance(MINUTE);
    for (const client of clients) client.isThere = false;
    await clock.advance(20 * MINUTE);
    expect(findings()).toEqual([]);
    expect(runtime.leaks).toBeUndefined();
    const [connection] = runtime.registry;
    expect(connection!.observer.sent).toBeUndefined();
  });

  it('are found no more in what a stall of many minutes has silenced', async () => {
    await start({ leak: { minSample: 5 } });
    await add(8, healthyPeer);
    await clock.advance(2 * MINUTE);
    clock.stall(20 * MINUTE, 'afterTick');
    await clock.advance(10 * MINUTE);
    expect(told().filter((each) => !each.includes('loop_overloaded'))).toEqual([]);
    expect(running.service.snapshot().total_connections).toBe(8);
  });
});
