import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { Duplex } from 'node:stream';

import { describe, expect, it } from '@jest/globals';
import * as ws from 'ws';

import { InboundFilter } from '../../lib/heartbeat/inbound.filter.js';
import { useApps } from '../support/apps.js';
import { BeatWriter } from '../../lib/heartbeat/beat.writer.js';
import { inWords, ruleOn, type Frame } from '../support/frames.js';
import { Records } from '../support/records.js';
import { usedMemory } from './garbage.js';
import { Random, randomFrame } from './random.frames.js';

const MB = 1_000_000;
const SEED = Number(process.env['FUZZ_SEED'] ?? Date.now() % 1_000_000);

/** Exported by `ws`, but not told by its types. */
const { Sender } = ws as unknown as { Sender: { frame(data: Buffer, options: object): Buffer[] } };

describe(`two million frames, FUZZ_SEED=${SEED}`, () => {
  it('are swallowed or handed on as JSON.parse says, 1.6 million of them by the filter', () => {
    const COUNT = 1_600_000;
    const random = new Random(SEED);
    const records = new Records();
    const connection = records.make({ heartbeat: { maxPerInterval: 2 * COUNT } });
    const heard = { failures: 0, floods: 0, resumed: 0 };
    const filter = new InboundFilter({
      clock: records.clock,
      awake: records.awake,
      writer: new BeatWriter(records.clock, () => heard.failures++),
      listener: {
        answered: () => undefined,
        asked: () => undefined,
        spoke: () => undefined,
        resumed: () => heard.resumed++,
        flooded: () => heard.floods++,
      },
      failed: () => heard.failures++,
    });
    const expected = { malformed: 0, resumed: 0, asked: 0, swallowed: 0 };
    // Most frames are no JSON, and a stack trace for each would be most of the work.
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    let answered = 0;
    let before = usedMemory();
    for (let index = 0; index < COUNT; index++) {
      // By then everything is compiled and loaded that the work itself needs.
      if (index === COUNT / 4) before = usedMemory();
      const frame = randomFrame(random);
      const ruling = ruleOn(frame);
      const isSwallowed = filter.message(connection, frame.data, frame.isBinary);
      if (isSwallowed !== (ruling !== 'app')) {
        throw new Error(`frame ${index} of seed ${SEED} was ruled wrongly: ${inWords(frame)}`);
      }
      if (isSwallowed) expected.swallowed++;
      if (ruling === 'malformed') expected.malformed++;
      else if (ruling === 'resume') expected.resumed++;
      else if (ruling !== 'app' && ruling.kind === 'ask') expected.asked++;
      answered += records.driver.sent.splice(0).length;
    }
    Error.stackTraceLimit = stackTraceLimit;
    expect(heard).toEqual({ failures: 0, floods: 0, resumed: expected.resumed });
    expect(filter.malformed).toBe(expected.malformed);
    expect(connection.messages).toBe(COUNT);
    expect(answered).toBe(expected.asked);
    // The generator meets both sides of the rule.
    expect(expected.swallowed).toBeGreaterThan(COUNT / 20);
    expect(expected.swallowed).toBeLessThan(COUNT / 1.2);
    expect(usedMemory().heap - before.heap).toBeLessThan(10 * MB);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  }, 300_000);

  const startApp = useApps();

  it('reach the app byte for byte through ws, or not at all: 0.4 million on tapped sockets', async () => {
    const { service, eventsOf } = await startApp([], {
      heartbeat: { intervalMs: 60_000, maxPerInterval: 1e9 },
      drain: false,
      logging: { level: 'off' },
    });
    // `ws` itself ends who sends pings faster than it may be answered.
    const server = new ws.WebSocketServer({ noServer: true, autoPong: false });
    const unwatch = service.watch(server, { name: 'fuzz' });
    const random = new Random(SEED + 1);
    const before = usedMemory();
    for (let connection = 0; connection < 40; connection++) await feed(server, random, 10_000);
    expect(eventsOf('opened')).toHaveLength(40);
    expect(eventsOf('closed').map(({ code }) => code)).toEqual(Array.from({ length: 40 }, () => 1006));
    expect(eventsOf('user_code_failed')).toEqual([]);
    expect(service.snapshot().total_connections).toBe(0);
    const after = usedMemory();
    expect(after.heap - before.heap).toBeLessThan(10 * MB);
    expect(after.buffers - before.buffers).toBeLessThan(10 * MB);
    unwatch();
    server.close();
  }, 300_000);
});

/** One end of a connection in memory; what is written to it is dropped. */
class Line extends Duplex {
  override _read(): void {}
  override _write(_chunk: Buffer, _encoding: string, done: () => void): void {
    done();
  }
}

/** Sends random frames over a new connection, and checks that the app got those that it should, in order. */
async function feed(server: ws.WebSocketServer, random: Random, count: number): Promise<void> {
  const request = new IncomingMessage(new Socket());
  request.method = 'GET';
  Object.assign(request.headers, {
    upgrade: 'websocket',
    connection: 'Upgrade',
    'sec-websocket-version': '13',
    'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==',
  });
  const line = new Line();
  const socket = await new Promise<ws.WebSocket>((resolve) =>
    server.handleUpgrade(request, line, Buffer.alloc(0), (opened) => {
      server.emit('connection', opened, request);
      resolve(opened);
    }),
  );
  const wanted: Frame[] = [];
  let wrong: string | undefined;
  let got = 0;
  socket.on('message', (data: Buffer, isBinary: boolean) => {
    const frame = wanted[got++];
    const isRight = frame?.data.equals(data) === true && frame.isBinary === isBinary;
    if (!isRight) wrong ??= `got ${inWords({ data, isBinary })} instead of ${frame && inWords(frame)}`;
  });
  let errors = 0;
  socket.on('error', () => errors++);
  for (let sent = 0; sent < count; sent += 500) {
    const batch: Buffer[] = [];
    for (let index = 0; index < 500; index++) {
      const frame = randomFrame(random);
      // `ws` itself refuses text that is no UTF-8; the filter alone has met that above.
      const isBinary = frame.isBinary || Buffer.from(frame.data.toString()).equals(frame.data) === false;
      if (ruleOn({ ...frame, isBinary }) === 'app') wanted.push({ data: Buffer.from(frame.data), isBinary });
      batch.push(...framed(frame.data, isBinary, random));
    }
    line.push(Buffer.concat(batch));
    await new Promise((resolve) => setImmediate(resolve));
  }
  for (let turns = 0; got < wanted.length && turns < 10_000; turns++)
    await new Promise((resolve) => setImmediate(resolve));
  expect({ wrong, got, errors, seed: SEED }).toEqual({
    wrong: undefined,
    got: wanted.length,
    errors: 0,
    seed: SEED,
  });
  socket.terminate();
  await new Promise((resolve) => setImmediate(resolve));
}

/** A frame on the wire, as a client masks it; now and then in two fragments with a ping in between. */
function framed(data: Buffer, isBinary: boolean, random: Random): Buffer[] {
  const opcode = isBinary ? 2 : 1;
  const options = { mask: true, readOnly: true, rsv1: false };
  const whole = (part: Buffer, code: number, fin: boolean): Buffer[] =>
    Sender.frame(part, { ...options, opcode: code, fin });
  if (random.below(10) !== 0) return whole(data, opcode, true);
  const cut = random.below(data.length + 1);
  return [
    ...whole(data.subarray(0, cut), opcode, false),
    ...whole(Buffer.from('ping'), 9, true),
    ...whole(data.subarray(cut), 0, true),
  ];
}
