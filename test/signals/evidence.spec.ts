import { describe, expect, it } from '@jest/globals';
import { WebSocketGateway } from '@nestjs/websockets';
import type { ClosedEvent, ConnectionHealthModuleOptions } from 'nestjs-connection-health';
import { stallLoop } from 'nestjs-connection-health/testing';
import type { WebSocket } from 'ws';

import type { TestApp } from '../support/app.js';
import { useApps } from '../support/apps.js';
import { TestClient, type ClientBehaviour } from '../support/client.js';
import { sleep, until } from '../support/wait.js';
import { blockReader } from './blocked.reader.js';

/** How far a measured age may be off on a machine that is busy with other things. */
const SLACK = 400;

@WebSocketGateway()
class EvidenceGateway {
  readonly clients: WebSocket[] = [];
  handleConnection(client: WebSocket): void {
    this.clients.push(client);
  }
}

describe('the evidence record of a death', () => {
  const startApp = useApps();

  async function open(
    options: ConnectionHealthModuleOptions,
    behaviour: ClientBehaviour = {},
  ): Promise<{ running: TestApp; client: TestClient; socket: WebSocket; end: () => Promise<ClosedEvent> }> {
    const running = await startApp([EvidenceGateway], { drain: false, ...options });
    const client = await TestClient.connect(running.url, behaviour);
    const [socket] = running.app.get(EvidenceGateway).clients;
    const end = async (): Promise<ClosedEvent> => {
      await until('the connection is closed', () => running.eventsOf('closed').length === 1, 10_000);
      return running.eventsOf('closed')[0]!;
    };
    return { running, client, socket: socket!, end };
  }

  it('tells the age of everything: the connection, the last data, the last pong, the last byte each way', async () => {
    const { running, client, socket, end } = await open({ heartbeat: { intervalMs: 100, maxMissed: 1_000 } });
    await until('it has answered', () => running.service.connections()[0]!.latencyMs !== undefined);
    client.answers = false; // protocol pings are still answered
    const lastData = performance.now();
    await sleep(600);
    client.freeze();
    const lastPong = performance.now();
    await sleep(600);
    const closedAt = performance.now();
    socket.terminate();
    const { evidence } = await end();
    const about = (age: number): [number, number] => [age - SLACK, age + SLACK];
    expect([evidence.ageMs, ...about(closedAt - client.openedAt)]).toEqual(inOrder);
    expect([evidence.idleMs, ...about(closedAt - lastData)]).toEqual(inOrder);
    expect([evidence.hopIdleMs, ...about(closedAt - lastPong)]).toEqual(inOrder);
    expect([evidence.bytesInIdleMs, ...about(closedAt - lastPong)]).toEqual(inOrder);
    // We went on asking all the time.
    expect(evidence.bytesOutIdleMs).toBeLessThan(SLACK);
    expect(evidence.idleMs - evidence.hopIdleMs!).toBeGreaterThan(300);
    expect(evidence.missed).toBeGreaterThan(3);
    expect(evidence.hasAnswered).toBe(true);
  });

  it('does not call bytes older than the data that they were', async () => {
    const { client, socket, end } = await open({ heartbeat: { intervalMs: 60_000 } });
    await sleep(500);
    client.send({ event: 'chat', data: 'now' });
    await sleep(50);
    socket.terminate();
    const { evidence } = await end();
    expect(evidence.idleMs).toBeLessThan(400);
    expect(evidence.bytesInIdleMs).toBeLessThan(400);
  });

  it('shows a connection that was getting slower', async () => {
    const { running, client, socket, end } = await open(
      { heartbeat: { intervalMs: 3_000 } },
      { answers: false },
    );
    let delayMs = 0;
    client.socket.on('message', (data) => {
      const { ts } = JSON.parse(String(data as Buffer)) as { ts: number };
      setTimeout(() => client.send({ type: 'client_pong', ts }), delayMs);
    });
    const latency = (): number => running.service.connections()[0]!.latencyMs ?? 0;
    await until('a quick answer', () => latency() > 0);
    const quick = latency();
    delayMs = quick + 500;
    await until('a slow answer', () => latency() > quick + 400);
    socket.terminate();
    const { evidence } = await end();
    // The smoothed one has moved an eighth of the way.
    expect(evidence.latencyMs).toBeGreaterThan(quick + 400);
    expect(evidence.averageLatencyMs).toBeCloseTo(quick + (evidence.latencyMs! - quick) / 8, 0);
  });

  it('has neither latency nor pong where there was none', async () => {
    const { client, end } = await open({ heartbeat: { intervalMs: 60_000 } });
    client.socket.terminate();
    const { evidence } = await end();
    expect(evidence).toMatchObject({ missed: 0, hasAnswered: false, receivedCode: 1006, bufferedBytes: 0 });
    for (const key of ['latencyMs', 'averageLatencyMs', 'hopIdleMs', 'sentCode', 'receivedText'] as const) {
      expect(evidence[key]).toBeUndefined();
    }
  });

  it('tells how many bytes never left this process', async () => {
    const { client, socket, end } = await open({
      heartbeat: { intervalMs: 200 },
      progress: { maxExtraMs: 100 },
      sweep: { closeTimeoutMs: 200 },
    });
    const waiting = await blockReader(client, socket);
    const closed = await end();
    expect(closed).toMatchObject({ reason: 'timeout', ghost: 'silent' });
    expect(closed.evidence.bufferedBytes).toBeGreaterThanOrEqual(waiting);
  });

  it('tells how late our own event loop was', async () => {
    const { client, socket, end } = await open({ heartbeat: { intervalMs: 500 } });
    await sleep(200);
    await stallLoop({ ms: 700, phase: 'io' });
    await sleep(200);
    expect(client.isOpen).toBe(true);
    socket.terminate();
    const { evidence } = await end();
    expect(evidence.loopLagMs).toBeGreaterThan(500);
    expect(evidence.loopLagMs).toBeLessThan(700 + 2 * SLACK);
  });
});

/** Matches `[value, from, to]`. */
const inOrder = {
  asymmetricMatch: ([value, from, to]: number[]): boolean => value! >= from! && value! <= to!,
};
