import { afterEach, describe, expect, it } from '@jest/globals';
import type { Type } from '@nestjs/common';
import { WebSocketGateway } from '@nestjs/websockets';
import { ConnectionHealth } from 'nestjs-connection-health';
import type { WebSocket } from 'ws';

import type { TestApp } from '../support/app.js';
import { useApps } from '../support/apps.js';
import type { Frame } from '../support/frames.js';
import { stallAllowanceMs } from '../support/stalls.js';
import { sleep, until } from '../support/wait.js';
import { ConformanceClient } from '../wires/conformance.client.js';
import { text, WIRES, type Wire } from '../wires/wires.js';

const HEARTBEAT = { intervalMs: 500, timeoutMs: 300 };
const SLACK_MS = 900;
const MARK = text('"the end"');

/** A gateway for one wire: replies to its handshake, and keeps every other frame that gets through. */
interface Listener {
  readonly heard: Frame[];
}

function gatewayFor(name: string, { codec, handshake }: Wire): Type<Listener> {
  @ConnectionHealth({ heartbeat: { codec } })
  @WebSocketGateway({ path: pathOf(name) })
  class WireGateway implements Listener {
    readonly heard: Frame[] = [];

    handleConnection(client: WebSocket): void {
      client.on('message', (data: Buffer, isBinary) => {
        if (handshake?.request.data.equals(data) === true) client.send(handshake.reply.data.toString());
        else this.heard.push({ data, isBinary });
      });
    }
  }
  return WireGateway;
}

function pathOf(name: string): string {
  return `/${name.replaceAll(' ', '-')}`;
}

/** A client on its wire, and what the app hears on that. */
interface Party {
  readonly wire: Wire;
  readonly client: ConformanceClient;
  readonly heard: Frame[];
}

/** Sends, and waits until everything before it has arrived. */
async function sendAll(party: Party, frames: readonly Frame[]): Promise<Frame[]> {
  for (const frame of [...frames, MARK]) party.client.send(frame);
  await until('the last one has arrived', () => party.heard.at(-1)?.data.equals(MARK.data) === true);
  return party.heard.splice(0).slice(0, -1);
}

describe('every codec', () => {
  const clients: ConformanceClient[] = [];
  afterEach(() => clients.splice(0).forEach((client) => client.end()));
  const start = useApps();

  /** One client on each wire, all in one app. */
  async function meet(maxPerInterval = 1_000): Promise<{ running: TestApp; parties: Party[] }> {
    const gateways = Object.entries(WIRES).map(([name, wire]) => gatewayFor(name, wire));
    const running = await start(gateways, {
      heartbeat: { ...HEARTBEAT, maxPerInterval },
      sweep: { closeTimeoutMs: 300 },
    });
    const parties: Party[] = [];
    for (const [index, [name, wire]] of Object.entries(WIRES).entries()) {
      const client = await ConformanceClient.connect(running.url + pathOf(name), wire);
      clients.push(client);
      if (wire.handshake !== undefined) await until('it is welcome', () => client.got.length === 1);
      client.got.length = 0;
      parties.push({ wire, client, heard: running.app.get(gateways[index]!).heard });
    }
    return { running, parties };
  }

  it('keeps a client that does its half, and hides all of it from the app', async () => {
    const { running, parties } = await meet();
    for (const { client } of parties) client.speakEvery(HEARTBEAT.intervalMs * 0.8);
    const since = performance.now();
    await sleep(6 * HEARTBEAT.intervalMs);
    await until('everybody who is to be asked has been, five times', () =>
      parties.every(({ wire, client }) => wire.isPing === undefined || client.pings >= 5),
    );
    const intervals = (performance.now() - since) / HEARTBEAT.intervalMs;
    for (const { wire, client, heard } of parties) {
      const { name } = wire.codec;
      expect({ name, heard, closeCode: client.closeCode }).toEqual({ name, heard: [], closeCode: undefined });
      expect(client.pings).toBeLessThanOrEqual(wire.isPing === undefined ? 0 : intervals + 1);
    }
    expect(running.eventsOf('missed')).toEqual([]);
    const latencies = running.service.connections().map(({ latencyMs }) => latencyMs !== undefined);
    expect(latencies).toEqual(parties.map(({ wire }) => wire.answerTo !== undefined));
  }, 60_000);

  it('hands on what only looks like a heartbeat, byte for byte, and answers nothing to it', async () => {
    const { parties } = await meet();
    for (const party of parties) {
      expect(await sendAll(party, party.wire.lookalikes)).toEqual(party.wire.lookalikes);
      expect(party.client.got).toEqual([]);
    }
  }, 60_000);

  it('keeps what the client says by itself, and answers it where the wire has an answer', async () => {
    const { parties } = await meet();
    for (const party of parties) {
      const { wire, client } = party;
      expect(await sendAll(party, [wire.ask, wire.ask])).toEqual([]);
      const replies = wire.isReply === undefined ? 0 : 2;
      await until(`${wire.codec.name} has answered`, () => client.got.length === replies);
      expect(client.got.every((frame) => wire.isReply!(frame))).toBe(true);
    }
  }, 60_000);

  it('keeps what makes no sense, without an answer, and counts it', async () => {
    const { parties } = await meet();
    for (const party of parties.filter(({ wire }) => wire.malformed !== undefined)) {
      expect(await sendAll(party, [party.wire.malformed!])).toEqual([]);
      expect(party.client.got).toEqual([]);
      expect(party.wire.codec.recognise(party.wire.malformed!.data, party.wire.malformed!.isBinary)).toEqual({
        kind: 'malformed',
      });
    }
  }, 60_000);

  it('leaves everything above 1 KiB to the app', async () => {
    const { parties } = await meet();
    for (const party of parties) {
      const [atLimit, above] = [party.wire.padded?.(1_024), party.wire.padded?.(1_025)];
      if (atLimit === undefined || above === undefined) continue;
      expect(atLimit.data.byteLength).toBe(1_024);
      expect(await sendAll(party, [atLimit, above])).toEqual([above]);
    }
  }, 60_000);

  it('lets a frozen client be closed within the bound', async () => {
    const { running, parties } = await meet();
    for (const { client } of parties) client.speakEvery(HEARTBEAT.intervalMs * 0.8);
    await sleep(HEARTBEAT.intervalMs);
    const frozenAt = performance.now();
    for (const { client } of parties) client.freeze();
    await until('all are missed', () => running.eventsOf('missed').length === parties.length, 10_000);
    const boundMs = HEARTBEAT.intervalMs + HEARTBEAT.timeoutMs + 50 + SLACK_MS;
    expect(performance.now() - frozenAt).toBeLessThan(
      boundMs + stallAllowanceMs(running, HEARTBEAT.timeoutMs),
    );
    await until('all are gone', () => running.service.connections().length === 0);
    const ends = running.eventsOf('closed').map(({ reason, ghost }) => ({ reason, ghost }));
    expect(ends).toEqual(parties.map(() => ({ reason: 'timeout', ghost: 'silent' })));
  }, 60_000);

  it('lets whoever is too loud be closed', async () => {
    const { parties } = await meet(20);
    for (const { wire, client } of parties) for (let count = 0; count < 25; count++) client.send(wire.ask);
    await until('all are sent away', () => parties.every(({ client }) => client.closeCode !== undefined));
    expect(parties.map(({ client }) => client.closeCode)).toEqual(parties.map(() => 1008));
  }, 60_000);

  it('says farewell where its wire has a word for it, and closes in the same way where it has none', async () => {
    const { running, parties } = await meet();
    const report = running.service.drain();
    for (const { wire, client } of parties) {
      await until('it is sent away', () => client.closeCode !== undefined);
      const { name } = wire.codec;
      const farewells = client.got.filter((frame) => wire.isFarewell?.(frame)).length;
      expect({ name, code: client.closeCode, others: client.got.length - farewells, farewells }).toEqual({
        name,
        code: 1012,
        others: 0,
        farewells: wire.isFarewell === undefined ? 0 : 1,
      });
    }
    await report;
  }, 60_000);
});
