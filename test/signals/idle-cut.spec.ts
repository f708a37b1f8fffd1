import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import type { ConnectionHealthModuleOptions, Finding } from 'nestjs-connection-health';
import { FakeClock } from 'nestjs-connection-health/testing';
import type { WebSocket } from 'ws';

import { startApp, type TestApp } from '../support/app.js';
import { TestClient } from '../support/client.js';
import { IdleCutter } from './idle.cutter.js';

// Virtual time is computed, and a busy machine computes slowly.
jest.setTimeout(180_000);

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const NOTHING_IS_ASKED: ConnectionHealthModuleOptions = {
  heartbeat: false,
  protocolPing: false,
  sweep: false,
};

@WebSocketGateway()
class TalkingGateway {
  readonly clients = new Set<WebSocket>();
  handleConnection(client: WebSocket): void {
    client.send('"welcome"');
    this.clients.add(client);
  }
  handleDisconnect(client: WebSocket): void {
    this.clients.delete(client);
  }
  @SubscribeMessage('chat') chat(): object {
    return { event: 'chat', data: 'heard' };
  }
}

describe('the finding idle_cut', () => {
  let clock: FakeClock;
  let running: TestApp;
  let proxy: IdleCutter;

  async function start(options: ConnectionHealthModuleOptions, limitMs: number): Promise<void> {
    clock = new FakeClock();
    running = await startApp([TalkingGateway], { clock, drain: false, ...options });
    proxy = await IdleCutter.start({ clock, limitMs, port: Number(new URL(running.url).port) });
  }

  const found = (): Finding | undefined =>
    running.service.snapshot().findings.find(({ signal }) => signal === 'idle_cut');
  const toAll = (message: string): void => {
    for (const client of running.app.get(TalkingGateway).clients) client.send(message);
  };

  /** Every few seconds somebody comes and says something a few times, and then nothing more. */
  async function crowd(count: number): Promise<void> {
    for (let number = 0; number < count; number++) {
      const client = await TestClient.connect(proxy.url);
      for (let said = 0; said < number % 4; said++) {
        client.send({ event: 'chat', data: said });
        await clock.advance(7 * SECOND);
      }
      await clock.advance(3 * SECOND);
    }
  }

  afterEach(async () => {
    await proxy.stop();
    await clock.advanceUntil(running.app.close());
  });

  it.each([
    [60, 'the default of nginx (proxy_read_timeout), Apache and AWS ALB', 30_000],
    [100, 'the limit of Cloudflare', 50_000],
    [20, 'a limit of about 20', 10_000],
  ])('names a proxy that cuts after %d s, where nothing is asked', async (limitS, name, intervalMs) => {
    await start(NOTHING_IS_ASKED, limitS * SECOND);
    await crowd(16);
    await clock.advance(3 * MINUTE);
    expect(proxy.cuts).toHaveLength(16);
    expect(found()).toMatchObject({ severity: 'warning' });
    expect(found()!.message).toMatch(
      /^1\d of 1\d connections that ended without a close frame in the last hour \((9\d|100) %\)/,
    );
    expect(found()!.message).toContain(name);
    expect(found()!.next_step).toContain(`to at most ${intervalMs}`);
  });

  it('names it where heartbeats are too far apart, as soon as the crowd has been cut often enough', async () => {
    await start({ heartbeat: { intervalMs: 5 * MINUTE } }, 60 * SECOND);
    await crowd(16);
    await clock.advance(10 * MINUTE);
    expect(found()!.message).toContain('a limit of 60 s');
    expect(running.events.filter(({ type }) => type === 'finding_raised')).toHaveLength(1);
  });

  it('counts what only the app says: who is pushed something has not been silent', async () => {
    await start(NOTHING_IS_ASKED, 60 * SECOND);
    for (let round = 0; round < 7; round++) {
      await TestClient.connect(proxy.url);
      await TestClient.connect(proxy.url);
      await clock.advance(25 * SECOND);
      toAll('"news"');
      await clock.advance(70 * SECOND);
    }
    expect(proxy.cuts).toHaveLength(14);
    expect(found()!.message).toMatch(/^14 of 14 .* for (60|60\.\d) s: .* a limit of 60 s/);
  });

  it('is not found where heartbeats keep connections alive, however clients vanish', async () => {
    await start({ heartbeat: { intervalMs: 30 * SECOND } }, 60 * SECOND);
    for (let number = 0; number < 24; number++) {
      const client = await TestClient.connect(proxy.url);
      await clock.advance(10 * SECOND + number * 1_700);
      client.socket.terminate();
    }
    await clock.advance(5 * MINUTE);
    expect(proxy.cuts).toEqual([]);
    expect(running.eventsOf('closed')).toHaveLength(24);
    expect(found()).toBeUndefined();
  });

  it('does not take a blip for one that cuts everybody at once, after the same silence', async () => {
    await start(NOTHING_IS_ASKED, 10 * MINUTE);
    for (let blip = 0; blip < 3; blip++) {
      for (let number = 0; number < 20; number++) await TestClient.connect(proxy.url);
      await clock.advance(3 * MINUTE);
      toAll('"news"');
      await clock.advance(42 * SECOND);
      proxy.cutAll();
      await clock.advance(MINUTE);
    }
    expect(running.eventsOf('closed')).toHaveLength(60);
    expect(found()).toBeUndefined();
  });

  it('does not take the app itself for a proxy, that terminates who does not log in within 15 s', async () => {
    await start(NOTHING_IS_ASKED, 10 * MINUTE);
    for (let number = 0; number < 16; number++) {
      await TestClient.connect(proxy.url);
      await clock.advance(15 * SECOND);
      for (const client of running.app.get(TalkingGateway).clients) client.terminate();
    }
    await clock.advance(MINUTE);
    expect(running.eventsOf('closed').map(({ code }) => code)).toEqual(
      Array.from({ length: 16 }, () => 1006),
    );
    expect(found()).toBeUndefined();
  });
});
