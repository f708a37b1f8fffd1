import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';

import { GraphqlWsCodec } from '../../lib/protocol/graphql-ws.codec.js';
import {
  MAX_ECHO,
  type HeartbeatCodec,
  type RecognisedHeartbeat,
} from '../../lib/protocol/heartbeat.codec.js';
import { inWords, type Frame } from '../support/frames.js';
import { framesOf, parsed, type WireRule, type WireRuling } from '../wires/wire.frames.js';
import { bytes, text, WIRES } from '../wires/wires.js';

const numbers = fc.oneof(fc.integer(), fc.double(), fc.constantFrom('1', null, true, [1], -0));
const words = (...values: unknown[]): fc.Arbitrary<unknown> => fc.constantFrom(...values);

/** An object with some of these members. */
function objects(members: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<object> {
  return fc.record(members, { requiredKeys: [] });
}

function objectOf(value: unknown): Record<string, unknown> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : undefined;
}

function timed(kind: 'answer' | 'ask', { ts, state }: Record<string, unknown>): WireRuling {
  if (typeof ts !== 'number' || !Number.isFinite(ts)) return 'malformed';
  if (kind === 'ask') return { kind, ts };
  return { kind, ts, state: typeof state === 'string' ? state : undefined };
}

const EVENTS = ['client_pong', 'client_ping', 'client_pong', 'client_resume', 'client_audit', 'Client_Ping'];

const RULES: Readonly<Record<string, WireRule>> = {
  nest: {
    messages: objects({
      event: words(...EVENTS),
      data: fc.oneof(
        objects({ ts: numbers, state: words('hidden', 1), type: words('client_ping', 'x') }),
        words(null, [], 'client_ping', 1),
      ),
      type: words('client_ping', 'client_pong'),
      ts: numbers,
    }),
    rule: (json) => {
      const envelope = objectOf(parsed(json));
      const data = objectOf(envelope?.['data']) ?? {};
      if (envelope?.['event'] === 'client_resume') return 'resume';
      if (envelope?.['event'] === 'client_pong') return timed('answer', data);
      return envelope?.['event'] === 'client_ping' ? timed('ask', data) : 'app';
    },
  },
  phoenix: {
    messages: fc.oneof(
      {
        weight: 6,
        arbitrary: fc.tuple(
          words(null, '1'),
          fc.oneof(words(null, '7', 7, {}, [], true, 'x'.repeat(64), 'x'.repeat(65), '"],'), numbers),
          words('phoenix', 'phoenix', 'phoenix', 'phoenix', 'room:1', 'Phoenix'),
          words('heartbeat', 'heartbeat', 'heartbeat', 'heartbeat', 'phx_join', 'heartbeats'),
          words({}, null, 'text'),
        ),
      },
      { weight: 1, arbitrary: fc.array(words(null, '7', 'phoenix', 'heartbeat', {}), { maxLength: 7 }) },
      { weight: 1, arbitrary: fc.constant({ topic: 'phoenix', event: 'heartbeat', payload: {}, ref: '1' }) },
    ),
    rule: (json) => {
      const message = parsed(json);
      if (!Array.isArray(message) || message.length !== 5) return 'app';
      const [, ref, topic, event] = message as unknown[];
      if (topic !== 'phoenix' || event !== 'heartbeat') return 'app';
      const isFine = ref === null || typeof ref === 'number' || (typeof ref === 'string' && ref.length <= 64);
      return isFine ? { kind: 'ask', echo: JSON.stringify(ref) } : 'malformed';
    },
  },
  signalr: {
    messages: fc.oneof(
      { weight: 4, arbitrary: fc.constant({ type: 6 }) },
      { weight: 2, arbitrary: objects({ type: words(6, 6, 1, '6', [6]), target: words('six', 6) }) },
      { weight: 1, arbitrary: words([6], 6, null, { protocol: 'json', version: 1 }, {}) },
    ),
    end: '\x1e',
    rule: (records) => {
      const all = records.split('\x1e');
      const isWhole = all.length > 1 && all.pop() === '';
      return isWhole && all.every((record) => objectOf(parsed(record))?.['type'] === 6)
        ? { kind: 'ask' }
        : 'app';
    },
  },
  'graphql-ws': {
    messages: objects({
      type: words('ping', 'pong', 'ping', 'pong', 'next', 'Ping', 'connection_init'),
      payload: fc.oneof(
        objects({ type: words('server_ping', 'server_ping', 'mine'), ts: numbers, interval: numbers }),
        words(null, [], 'server_ping', { fill: 'x'.repeat(600) }, {}),
      ),
      id: words('ping'),
    }),
    rule: (json) => {
      const message = objectOf(parsed(json));
      const payload = message?.['payload'];
      if (message?.['type'] === 'pong') {
        const { type, ts } = objectOf(payload) ?? {};
        if (type !== 'server_ping') return 'app';
        return timed('answer', { ts });
      }
      if (message?.['type'] !== 'ping') return 'app';
      if (payload === undefined) return { kind: 'ask' };
      if (objectOf(payload) === undefined) return 'app';
      const echo = JSON.stringify(payload);
      return echo.length <= MAX_ECHO ? { kind: 'ask', echo } : { kind: 'ask' };
    },
  },
};

/** What a codec says, in the words of the rule. */
function saidOf(codec: HeartbeatCodec, { data, isBinary }: Frame): WireRuling {
  const said: RecognisedHeartbeat | undefined = codec.recognise(data, isBinary);
  // A word that is passed on is the app's, whatever it shows.
  if (said === undefined || said.kind === 'spoken') return 'app';
  if (said.kind === 'malformed' || said.kind === 'resume') return said.kind;
  if (said.kind !== 'ask' || said.echo === undefined) return said;
  // As the client has spelled it; the rule knows what it means.
  expect(data.toString()).toContain(said.echo);
  return { ...said, echo: JSON.stringify(parsed(said.echo)) };
}

describe('the codecs', () => {
  it.each(Object.entries(RULES))(
    '%s: recognises exactly what JSON.parse reads as a heartbeat (R9)',
    (name, rule) => {
      const { codec } = WIRES[name]!;
      const tally = { app: 0, heartbeats: 0 };
      fc.assert(
        fc.property(framesOf(rule), (frame) => {
          fc.pre(frame.data.byteLength <= 1024);
          // Binary heartbeats have their own test below.
          const expected = frame.isBinary ? 'app' : rule.rule(frame.data.toString());
          tally[expected === 'app' ? 'app' : 'heartbeats']++;
          expect([inWords(frame), saidOf(codec, frame)]).toEqual([inWords(frame), expected]);
        }),
        { numRuns: 4_000 },
      );
      expect(Math.min(tally.app, tally.heartbeats)).toBeGreaterThan(150);
    },
  );

  it.each(Object.entries(RULES))(
    '%s: answers with JSON, whatever a client makes it repeat (R10)',
    (name, rule) => {
      const { codec } = WIRES[name]!;
      fc.assert(
        fc.property(framesOf(rule), ({ data, isBinary }) => {
          const said = codec.recognise(data, isBinary);
          if (said?.kind !== 'ask') return;
          const { ts = 1, echo } = said;
          const frame = codec.encode({ type: 'server_pong', ts, ...(echo === undefined ? {} : { echo }) });
          const answer = frame === undefined ? '' : String(frame);
          expect(answer.length).toBeLessThan(MAX_ECHO + 200);
          expect(answer === '' || parsed(answer) !== undefined).toBe(true);
        }),
        { numRuns: 1_000 },
      );
    },
  );

  it.each([
    ['phoenix', '[null,12345678901234567890,"phoenix","heartbeat",{}]', '12345678901234567890'],
    ['phoenix', ' [ "a,[" , 1e400\n,"phoenix","heart\\u0062eat",{"a":[1,"]"]}]', '1e400'],
    ['phoenix', '[null, "\\u0041\\"\\ud800,]" ,"phoenix","heartbeat",{}]', '"\\u0041\\"\\ud800,]"'],
    ['graphql-ws', '{"payload":1,"type":"ping","p\\u0061yload": {"b" : 1.0}, "id":"}"}', '{"b" : 1.0}'],
    ['graphql-ws', '{"type":"ping","payload":{"b":12345678901234567890}}', '{"b":12345678901234567890}'],
  ])('%s: repeats to the letter what %s wants to hear again', (name, message, echo) => {
    const { codec } = WIRES[name]!;
    expect(codec.recognise(Buffer.from(message), false)).toEqual({ kind: 'ask', echo });
    const answer = codec.encode({ type: 'server_pong', ts: 1, echo });
    expect([String(answer).includes(echo), parsed(String(answer)) !== undefined]).toEqual([true, true]);
  });

  it('phoenix: does not repeat a number without end', () => {
    const message = `[null,1.${'0'.repeat(64)},"phoenix","heartbeat",{}]`;
    expect(WIRES['phoenix']!.codec.recognise(Buffer.from(message), false)).toEqual({ kind: 'malformed' });
  });

  it('graphql-ws: does not take a wrong word for its option', () => {
    expect(() => new GraphqlWsCodec({ clientPings: 'leeve' as 'leave' })).toThrow(
      'GraphqlWsCodec: option "clientPings": expected "answer" or "leave", got "leeve"',
    );
  });

  it('signalr: takes whole MessagePack pings only, in binary frames', () => {
    const { codec } = WIRES['signalr']!;
    const ping = [0x02, 0x91, 0x06];
    const isPing = (...values: number[]): boolean =>
      codec.recognise(bytes(...values).data, true) !== undefined;
    expect([isPing(...ping), isPing(...ping, ...ping)]).toEqual([true, true]);
    fc.assert(
      fc.property(fc.array(fc.constantFrom(0x02, 0x91, 0x06, 0x03), { maxLength: 9 }), (values) => {
        const whole = values.length > 0 && values.length % 3 === 0;
        expect(isPing(...values)).toBe(whole && values.every((value, at) => value === ping[at % 3]));
      }),
    );
    expect(codec.recognise(Buffer.from(ping), false)).toBeUndefined();
  });

  it.each(Object.entries(WIRES))('%s: sends what its clients take for a heartbeat of ours', (_name, wire) => {
    const frame = wire.codec.encode({ type: 'server_ping', ts: 1, interval: 2 }, wire.dialect);
    const asFrame =
      typeof frame === 'string' ? text(frame) : frame && { data: Buffer.from(frame), isBinary: true };
    expect(asFrame !== undefined && wire.isPing?.(asFrame) === true).toBe(wire.isPing !== undefined);
  });
});
