import {
  GraphqlWsCodec,
  JsonCodec,
  NestCodec,
  PhoenixCodec,
  SignalrCodec,
  type HeartbeatCodec,
  type RecognisedHeartbeat,
  type ServerMessage,
} from 'nestjs-connection-health';

import type { Frame } from '../support/frames.js';

/** One wire as a client sees it, for the suite that every codec must pass. */
export interface Wire {
  readonly codec: HeartbeatCodec;
  /** What the handshake makes of it. */
  readonly dialect?: string;
  /** What goes over it before anything else: the client's request and the app's reply. */
  readonly handshake?: { readonly request: Frame; readonly reply: Frame };
  /** A heartbeat of ours, as the client gets it; `undefined` where the server sends none by itself. */
  readonly isPing: ((frame: Frame) => boolean) | undefined;
  /** The client's answer to one; `undefined` where the clients speak by themselves. */
  readonly answerTo: ((ping: Frame) => Frame) | undefined;
  /** What the client says by itself, and our answer to that, where there is one. */
  readonly ask: Frame;
  readonly isReply: ((frame: Frame) => boolean) | undefined;
  /** A heartbeat that makes no sense; absent where everything that is recognised does. */
  readonly malformed?: Frame;
  /** A heartbeat of so many bytes, at least 1,000 of them; absent where heartbeats have one form only. */
  readonly padded?: (bytes: number) => Frame;
  /** What a client gets before it is sent away; `undefined` where the wire has no word for it. */
  readonly isFarewell: ((frame: Frame) => boolean) | undefined;
  /** Messages of the app that look like a heartbeat. */
  readonly lookalikes: readonly Frame[];
}

export function text(value: unknown): Frame {
  return { data: Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)), isBinary: false };
}

export function bytes(...values: number[]): Frame {
  return { data: Buffer.from(values), isBinary: true };
}

function read(frame: Frame): Record<string, unknown> {
  return JSON.parse(frame.data.toString()) as Record<string, unknown>;
}

function same(one: Frame, other: Frame): boolean {
  return one.isBinary === other.isBinary && one.data.equals(other.data);
}

function fill(start: string, end: string, length: number): Frame {
  return text(start + 'x'.repeat(length - start.length - end.length) + end);
}

/** Padding that no parser minds. */
function space(message: string, length: number): Frame {
  return text(message.padEnd(length, ' '));
}

const json: Wire = {
  codec: new JsonCodec(),
  isPing: (frame) => read(frame)['type'] === 'server_ping',
  answerTo: (ping) => text({ type: 'client_pong', ts: read(ping)['ts'] }),
  ask: text({ type: 'client_ping', ts: 41.5 }),
  isReply: (frame) => same(frame, text('{"type":"server_pong","ts":41.5}')),
  malformed: text({ type: 'client_ping', ts: '1' }),
  padded: (length) => space('{"type":"client_ping","ts":1}', length),
  isFarewell: (frame) => read(frame)['type'] === 'server_drain',
  lookalikes: [
    text('{"type":"client_pings","ts":1}'),
    text('[{"type":"client_ping","ts":1}]'),
    text('{"event":"client_ping","data":{"ts":1}}'),
    { ...text('{"type":"client_ping","ts":1}'), isBinary: true },
  ],
};

const nest: Wire = {
  codec: new NestCodec(),
  isPing: (frame) => read(frame)['event'] === 'server_ping',
  answerTo: (ping) =>
    text({ event: 'client_pong', data: { ts: (read(ping)['data'] as { ts: number }).ts, state: 'hidden' } }),
  ask: text({ event: 'client_ping', data: { ts: 41.5 } }),
  isReply: (frame) => same(frame, text('{"event":"server_pong","data":{"ts":41.5}}')),
  malformed: text({ event: 'client_pong' }),
  padded: (length) => space('{"event":"client_ping","data":{"ts":1}}', length),
  isFarewell: (frame) => read(frame)['event'] === 'server_drain',
  lookalikes: [
    text('{"type":"client_ping","ts":1}'),
    text('{"event":"client_hello","data":{"type":"client_ping","ts":1}}'),
    text('{"data":{"event":"client_ping","ts":1}}'),
    { ...text('{"event":"client_ping","data":{"ts":1}}'), isBinary: true },
  ],
};

const phoenix: Wire = {
  codec: new PhoenixCodec(),
  isPing: undefined,
  answerTo: undefined,
  ask: text('[null,"7","phoenix","heartbeat",{}]'),
  isReply: (frame) => same(frame, text('[null,"7","phoenix","phx_reply",{"status":"ok","response":{}}]')),
  malformed: text(['1', { ref: 1 }, 'phoenix', 'heartbeat', {}]),
  padded: (length) => fill('[null,"7","phoenix","heartbeat",{"fill":"', '"}]', length),
  isFarewell: undefined,
  lookalikes: [
    text('[null,"7","phoenix","heartbeats",{}]'),
    text('[null,"7","room:heartbeat","phoenix",{}]'),
    text('["3","7","room:lobby","heartbeat",{}]'),
    text('[null,"7","phoenix","heartbeat"]'),
    text('{"topic":"phoenix","event":"heartbeat","payload":{},"ref":"7"}'),
    { ...text('[null,"7","phoenix","heartbeat",{}]'), isBinary: true },
  ],
};

const PING_RECORD = '{"type":6}\x1e';

const signalr: Wire = {
  codec: new SignalrCodec(),
  dialect: 'json',
  handshake: { request: text('{"protocol":"json","version":1}\x1e'), reply: text('{}\x1e') },
  isPing: (frame) => same(frame, text(PING_RECORD)),
  answerTo: undefined,
  ask: text(PING_RECORD),
  isReply: undefined,
  padded: (length) => fill(`${PING_RECORD}{"type":6,"fill":"`, '"}\x1e', length),
  isFarewell: undefined,
  lookalikes: [
    text('{"type":6}'),
    text(`${PING_RECORD}{"type":1,"target":"six","arguments":[6]}\x1e`),
    text(`{"type":1,"target":"six","arguments":[6]}\x1e${PING_RECORD}`),
    text('{"type":"6"}\x1e'),
    text('\x1e'),
    bytes(0x02, 0x91, 0x06, 0x02),
    bytes(0x02, 0x91, 0x07),
  ],
};

const packed: Wire = {
  ...signalr,
  dialect: 'messagepack',
  handshake: { request: text('{"protocol":"messagepack","version":1}\x1e'), reply: text('{}\x1e') },
  isPing: (frame) => same(frame, bytes(0x02, 0x91, 0x06)),
  ask: bytes(0x02, 0x91, 0x06, 0x02, 0x91, 0x06),
};

const graphql: Wire = {
  codec: new GraphqlWsCodec(),
  isPing: (frame) => read(frame)['type'] === 'ping',
  answerTo: (ping) => text({ type: 'pong', payload: read(ping)['payload'] }),
  ask: text({ type: 'ping', payload: { mine: ['a', 1] } }),
  isReply: (frame) => same(frame, text('{"type":"pong","payload":{"mine":["a",1]}}')),
  malformed: text({ type: 'pong', payload: { type: 'server_ping', ts: null } }),
  padded: (length) => fill('{"type":"ping","payload":{"fill":"', '"}}', length),
  isFarewell: undefined,
  lookalikes: [
    text('{"type":"pong"}'),
    text('{"type":"pong","payload":{"ts":1}}'),
    text('{"type":"ping","payload":"text"}'),
    text('{"type":"subscribe","id":"ping","payload":{"query":"{ ping }"}}'),
    { ...text('{"type":"ping"}'), isBinary: true },
  ],
};

/** What a user might write: a letter and eight bytes of time, binary. */
export class LetterCodec implements HeartbeatCodec {
  readonly name = 'letters';

  recognise(data: Uint8Array, isBinary: boolean): RecognisedHeartbeat | undefined {
    const kind = ({ 0x70: 'answer', 0x71: 'ask' } as const)[data[0] ?? 0];
    if (!isBinary || kind === undefined || data.length < 9) return undefined;
    const ts = new DataView(data.buffer, data.byteOffset).getFloat64(1);
    return Number.isFinite(ts) ? { kind, ts } : { kind: 'malformed' };
  }

  encode(message: ServerMessage): Uint8Array {
    const frame = new Uint8Array(9);
    frame[0] = { server_ping: 0x50, server_pong: 0x51, server_drain: 0x52 }[message.type];
    const value = message.type === 'server_drain' ? message.reconnectInMs : message.ts;
    new DataView(frame.buffer).setFloat64(1, value);
    return frame;
  }
}

function letter(code: number, value: number, length = 9): Frame {
  const data = Buffer.alloc(length);
  data[0] = code;
  data.writeDoubleBE(value, 1);
  return { data, isBinary: true };
}

const own: Wire = {
  codec: new LetterCodec(),
  isPing: ({ data, isBinary }) => isBinary && data[0] === 0x50,
  answerTo: ({ data }) => letter(0x70, data.readDoubleBE(1)),
  ask: letter(0x71, 41.5),
  isReply: (frame) => same(frame, letter(0x51, 41.5)),
  malformed: letter(0x71, NaN),
  padded: (length) => letter(0x71, 1, length),
  isFarewell: ({ data }) => data[0] === 0x52,
  lookalikes: [bytes(0x70, 1, 2), { ...letter(0x71, 0), isBinary: false }, letter(0x73, 1)],
};

/** Every wire that comes with the package, and one of a user's own. */
export const WIRES: Readonly<Record<string, Wire>> = {
  json,
  nest,
  phoenix,
  signalr,
  'signalr with messagepack': packed,
  'graphql-ws': graphql,
  'a codec of the app': own,
};
