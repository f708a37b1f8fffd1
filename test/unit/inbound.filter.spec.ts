import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';

import type { Connection } from '../../lib/connection/connection.js';
import { noteOwnFrame } from '../../lib/connection/outflow.js';
import { BeatWriter } from '../../lib/heartbeat/beat.writer.js';
import { InboundFilter, type HeartbeatListener } from '../../lib/heartbeat/inbound.filter.js';
import type { HeartbeatCodec } from '../../lib/protocol/heartbeat.codec.js';
import { frames, inWords, ruleOn } from '../support/frames.js';
import { Records } from '../support/records.js';

function setUp(options: Parameters<Records['make']>[0] = {}) {
  const records = new Records();
  const connection = records.make(options);
  const heard: unknown[][] = [];
  const listener: HeartbeatListener = {
    answered: (_connection, question, latencyMs) => heard.push(['answered', question.ts, latencyMs]),
    asked: () => heard.push(['asked']),
    spoke: () => heard.push(['spoke']),
    resumed: (_connection, resume) => heard.push(['resumed', resume]),
    flooded: () => heard.push(['flooded']),
  };
  const filter = new InboundFilter({
    clock: records.clock,
    awake: records.awake,
    writer: new BeatWriter(records.clock, (error) => heard.push(['failed', error])),
    listener,
    failed: (error) => heard.push(['failed', error]),
  });
  const receive = (text: string): boolean => filter.message(connection, Buffer.from(text), false);
  return { ...records, connection, heard, filter, receive };
}

function asked(connection: Connection, ts: number): void {
  connection.question = {
    ts,
    askedAt: 0,
    sentAt: 0,
    handedOverAt: 0,
    bytesAtEnd: undefined,
    messagesBefore: 0,
    controlBytesBefore: 0,
    dataBytesBefore: 0,
    probe: undefined,
    probeAnswered: false,
    isMissed: false,
    isSettled: false,
    isRepeat: false,
    wasHeld: false,
    wasSent: true,
    stallsSeen: 0,
  };
}

function fail(): never {
  throw new Error('codec');
}

describe('InboundFilter', () => {
  it('swallows what the rule says, counts what is malformed, and echoes nothing but finite times (R9)', () => {
    const { filter, connection, driver } = setUp({ heartbeat: { maxPerInterval: 1_000_000 } });
    fc.assert(
      fc.property(frames, (frame) => {
        driver.sent.length = 0;
        const malformedBefore = filter.malformed;
        const ruling = ruleOn(frame);
        const bytes = Buffer.from(frame.data);

        const isSwallowed = filter.message(connection, frame.data, frame.isBinary);

        const isAsk = typeof ruling === 'object' && ruling.kind === 'ask';
        expect({
          frame: inWords(frame),
          isSwallowed,
          malformed: filter.malformed - malformedBefore,
          sent: driver.sent,
          isUntouched: bytes.equals(frame.data),
        }).toEqual({
          frame: inWords(frame),
          isSwallowed: ruling !== 'app',
          malformed: ruling === 'malformed' ? 1 : 0,
          sent: isAsk ? [JSON.stringify({ type: 'server_pong', ts: ruling.ts })] : [],
          isUntouched: true,
        });
      }),
      { numRuns: 10_000 },
    );
  });

  it('swallows a heartbeat of exactly 1024 bytes and leaves one of 1025 to the app', () => {
    const { receive } = setUp();
    const text = '{"type":"client_pong","ts":1}';
    expect(receive(text.padEnd(1024, ' '))).toBe(true);
    expect(receive(text.padEnd(1025, ' '))).toBe(false);
  });

  it('leaves everything to the app where heartbeats are off', () => {
    const { receive, driver } = setUp({ heartbeat: false });
    expect(receive('{"type":"client_ping","ts":1}')).toBe(false);
    expect(driver.sent).toEqual([]);
  });

  it('takes what was written up to a lone ping for read once that very ping is answered', () => {
    const { filter, connection } = setUp({ heartbeat: false });
    connection.lonePing = Uint8Array.of(1, 2, 3);
    connection.lonePingEnd = 9_000;
    filter.control(connection, Uint8Array.of(1, 2, 4));
    expect(connection.confirmedBytes).toBe(0);
    filter.control(connection, Uint8Array.of(1, 2, 3));
    expect(connection.confirmedBytes).toBe(9_000);
    connection.lonePingEnd = 12_000;
    filter.control(connection, Uint8Array.of(1, 2, 3));
    expect(connection.confirmedBytes).toBe(9_000);
  });

  it('leaves data of a type without a length to the app', () => {
    const { filter, connection } = setUp();
    expect(filter.message(connection, [Buffer.from('{}')] as never, false)).toBe(false);
  });

  it('takes every message, and no control frame, as evidence of the peer (R1)', () => {
    const { connection, receive, filter, clock } = setUp();
    clock.stall(100);
    filter.control(connection, new Uint8Array(8));
    expect(connection).toMatchObject({ lastPeerAt: 0, lastHopAt: 100, controlBytes: 14 });
    clock.stall(100);
    receive('hello');
    expect(connection).toMatchObject({ lastPeerAt: 200, lastHopAt: 100, messages: 1 });
  });

  it('measures latency from its own send time, and only for a ts that it sent (R10)', () => {
    const { connection, receive, heard, clock } = setUp();
    asked(connection, 77);
    clock.stall(40);
    receive('{"type":"client_pong","ts":76}');
    expect(heard).toEqual([]);
    expect(connection.latencyMs).toBe(-1);
    receive('{"type":"client_pong","ts":77}');
    expect(heard).toEqual([['answered', 77, 40]]);
    expect(connection).toMatchObject({ latencyMs: 40, hasAnswered: true });
  });

  it('gives an answer that came after its time no latency', () => {
    const { connection, receive, heard, clock } = setUp();
    asked(connection, 77);
    connection.question!.isMissed = true;
    clock.stall(40);
    receive('{"type":"client_pong","ts":77}');
    expect(heard).toEqual([['answered', 77, undefined]]);
    expect(connection.latencyMs).toBe(-1);
  });

  it('reports a flood, does not answer it, and counts neither answers nor late ones as one (R10)', () => {
    const { connection, receive, heard, driver } = setUp({ heartbeat: { maxPerInterval: 3 } });
    for (let ts = 1; ts <= 10; ts++) {
      asked(connection, ts);
      receive(`{"type":"client_pong","ts":${ts}}`);
    }
    connection.owedAnswers = 2;
    for (let late = 100; late < 102; late++) receive(`{"type":"client_pong","ts":${late}}`);
    for (let own = 0; own < 3; own++) receive('{"type":"client_ping","ts":1}');
    expect(heard.filter(([what]) => what === 'flooded')).toEqual([]);
    expect(driver.sent).toHaveLength(3);
    receive('{"type":"client_ping","ts":1}');
    expect(heard.at(-1)).toEqual(['flooded']);
    expect(driver.sent).toHaveLength(3);
  });

  it('bounds and escapes what a client says of itself (R10)', () => {
    const { connection, receive, heard } = setUp();
    asked(connection, 1);
    receive(JSON.stringify({ type: 'client_pong', ts: 1, state: `\u202e\n${'s'.repeat(100)}` }));
    expect(connection.clientState).toBe(`\\u202e\\u000a${'s'.repeat(30)}…`);
    receive(JSON.stringify({ type: 'client_resume', reason: `\r${'r'.repeat(100)}` }));
    expect(heard.at(-1)).toEqual(['resumed', { reason: `\\u000d${'r'.repeat(63)}…` }]);
  });

  it('answers a client_ping in the middle of a message of the app only after its end (R9)', () => {
    const { connection, receive, filter, driver } = setUp();
    connection.midMessage = true;
    expect(receive('{"type":"client_ping","ts":9}')).toBe(true);
    expect(driver.sent).toEqual([]);
    connection.midMessage = false;
    filter.messageFinished(connection);
    filter.messageFinished(connection);
    expect(driver.sent).toEqual(['{"type":"server_pong","ts":9}']);
  });

  it('answers a client also where a frame of its own still waits, and lets no more than one answer wait', () => {
    const { connection, receive, driver } = setUp();
    // A ping of ours is stuck behind a message of the app.
    const raw = { bytesWritten: 9_000, writableLength: 8_000 };
    connection.raw = raw;
    driver.buffered = raw.writableLength;
    connection.ownFrameEnd = 9_000;
    expect(receive('{"type":"client_ping","ts":1}')).toBe(true);
    raw.bytesWritten += 40;
    raw.writableLength += 40;
    noteOwnFrame(connection);
    connection.pongEnd = connection.ownFrameEnd;
    receive('{"type":"client_ping","ts":2}');
    expect(driver.sent).toEqual(['{"type":"server_pong","ts":1}']);

    raw.writableLength = 0;
    driver.buffered = 0;
    receive('{"type":"client_ping","ts":3}');
    expect(driver.sent.at(-1)).toBe('{"type":"server_pong","ts":3}');
  });

  it('takes what a client kept back while it sent a long message for no flood (R3, R10)', () => {
    const { connection, receive, heard, clock } = setUp({
      heartbeat: { intervalMs: 1_000, maxPerInterval: 5 },
    });
    clock.stall(1_000);
    connection.upload = { messagesBefore: 0, since: 1_000, bytes: 1, at: 1_000 };
    clock.stall(3_000);
    expect(receive('a long message')).toBe(false);
    // Of its own interval, three of the upload, and one in which the upload may have begun.
    for (let ping = 0; ping < 25; ping++) receive('{"type":"client_ping","ts":1}');
    expect(heard).toEqual([]);
    receive('{"type":"client_ping","ts":1}');
    expect(heard).toEqual([['flooded']]);
    expect(connection.upload).toBeDefined();
  });

  it('passes on what only shows that a client speaks heartbeats, and says that it does (R7)', () => {
    const { connection, receive, heard } = setUp({ heartbeat: { codec: 'graphql-ws' } });
    for (const pong of ['{"type":"pong"}', '{"type":"pong","payload":{"mine":1}}']) {
      connection.hasAnswered = false;
      expect(receive(pong)).toBe(false);
      expect([heard.splice(0), connection.hasAnswered]).toEqual([[['spoke']], true]);
    }
    expect(receive('{"type":"next"}')).toBe(false);
    expect(heard).toEqual([]);
  });

  it('fences a codec that throws: what it could not read is the app’s, what it has read is not (R9, R11)', () => {
    const encode: HeartbeatCodec['encode'] = ({ type }) => (type === 'server_ping' ? 'ping' : fail());
    const codec = { name: 'faulty', recognise: fail, encode };
    const blind = setUp({ heartbeat: { codec } });
    expect(blind.receive('hello')).toBe(false);
    expect(blind.heard).toEqual([['failed', new Error('codec')]]);

    const mute = setUp({ heartbeat: { codec: { ...codec, recognise: () => ({ kind: 'ask', ts: 1 }) } } });
    expect(mute.receive('ask')).toBe(true);
    expect(mute.heard).toEqual([['failed', new Error('codec')]]);

    mute.connection.midMessage = true;
    mute.receive('ask');
    mute.connection.midMessage = false;
    expect(() => mute.filter.messageFinished(mute.connection)).not.toThrow();
  });
});
