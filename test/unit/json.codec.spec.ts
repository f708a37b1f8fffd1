import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';

import { JsonCodec, recogniseMessage } from '../../lib/protocol/json.codec.js';
import { frames, inWords, ruleOn, type Frame, type Ruling } from '../support/frames.js';

const codec = new JsonCodec();

function textFrame(text: string): Frame {
  return { data: Buffer.from(text), isBinary: false };
}

/** What the codec says, in the words of the rule. */
function saidOf({ data, isBinary }: Frame): Ruling {
  const said = codec.recognise(data, isBinary);
  if (said === undefined) return 'app';
  if (said.kind === 'malformed' || said.kind === 'resume') return said.kind;
  if (said.kind === 'spoken') throw new Error('on this wire nothing of the kind is said');
  return { kind: said.kind, ts: said.ts! };
}

function answer(state: unknown): unknown {
  return codec.recognise(Buffer.from(JSON.stringify({ type: 'client_pong', ts: 1, state })), false);
}

describe('JsonCodec', () => {
  it('recognises exactly what JSON.parse reads as an object with a type of ours (R9)', () => {
    const tally = { app: 0, heartbeats: 0 };
    fc.assert(
      fc.property(frames, (frame) => {
        fc.pre(frame.data.byteLength <= 1024);
        const ruling = ruleOn(frame);
        tally[ruling === 'app' ? 'app' : 'heartbeats']++;
        expect({ frame: inWords(frame), ruling: saidOf(frame) }).toEqual({ frame: inWords(frame), ruling });
      }),
      { numRuns: 20_000 },
    );
    // The frames were of both kinds, or nothing was shown.
    expect(Math.min(tally.app, tally.heartbeats)).toBeGreaterThan(3_000);
  });

  it.each([
    ['an escape in the value', '{"type":"client\\u005fping","ts":1}', { kind: 'ask', ts: 1 }],
    ['an escape in the key', '{"\\u0074ype":"client_ping","ts":1}', { kind: 'ask', ts: 1 }],
    ['the last of two types', '{"type":"chat","type":"client_pong","ts":5}', { kind: 'answer', ts: 5 }],
    ['white space all over', '\r\n\t { "ts" : 2 ,\n"type" : "client_pong" } ', { kind: 'answer', ts: 2 }],
    ['a type overridden by the app', '{"type":"client_pong","type":"chat","ts":5}', 'app'],
    ['a type that is inherited only', '{"__proto__":{"type":"client_ping","ts":1}}', 'app'],
    ['a type further inside', '{"data":{"type":"client_ping","ts":1}}', 'app'],
    ['an array', '[{"type":"client_ping","ts":1}]', 'app'],
    ['a byte order mark', '\ufeff{"type":"client_ping","ts":1}', 'app'],
    ['a comma too many', '{"type":"client_ping","ts":1,}', 'app'],
    ['a time that is infinite', '{"type":"client_ping","ts":1e999}', 'malformed'],
    ['a time that is text', '{"type":"client_pong","ts":"1"}', 'malformed'],
    ['no time', '{"type":"client_pong"}', 'malformed'],
    ['a resume without anything', '{"type":"client_resume"}', 'resume'],
  ] as const)('%s', (_what, text, ruling) => {
    // The long ones are searched in another way.
    for (const frame of [textFrame(text), textFrame(text + ' '.repeat(300))]) {
      expect(saidOf(frame)).toEqual(ruling);
      expect(ruleOn(frame)).toEqual(ruling);
    }
  });

  it('leaves binary frames alone, whatever they say', () => {
    expect(codec.recognise(Buffer.from('{"type":"client_ping","ts":1}'), true)).toBeUndefined();
  });

  it('recognises what somebody else has parsed by the same rule', () => {
    const ping = { type: 'client_ping', ts: 1 };
    expect(recogniseMessage(ping)).toEqual({ kind: 'ask', ts: 1 });
    for (const other of [
      Object.assign([], ping),
      [ping],
      'client_ping',
      1,
      null,
      undefined,
      {},
      { data: ping },
    ]) {
      expect(recogniseMessage(other)).toBeUndefined();
    }
  });

  it('keeps of a resume only what has the right type', () => {
    const text = '{"type":"client_resume","reason":"dead_server","offlineMs":5300,"attempts":-1}';
    expect(codec.recognise(Buffer.from(text), false)).toEqual({
      kind: 'resume',
      reason: 'dead_server',
      offlineMs: 5300,
      attempts: undefined,
    });
    const odd = '{"type":"client_resume","reason":{"a":1},"offlineMs":1e999,"attempts":"2"}';
    expect(codec.recognise(Buffer.from(odd), false)).toEqual({ kind: 'resume' });
  });

  it('keeps of an answer only a state that is text', () => {
    expect(answer('hidden')).toEqual({ kind: 'answer', ts: 1, state: 'hidden' });
    expect(answer({ toString: 1 })).toEqual({ kind: 'answer', ts: 1 });
  });

  it('writes the wire of the design, key for key', () => {
    expect(codec.encode({ type: 'server_ping', ts: 1709827200000, interval: 30000 })).toBe(
      '{"type":"server_ping","ts":1709827200000,"interval":30000}',
    );
    expect(codec.encode({ type: 'server_pong', ts: 7 })).toBe('{"type":"server_pong","ts":7}');
  });
});
