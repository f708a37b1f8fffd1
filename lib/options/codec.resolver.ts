import type { CodecName } from '../connection-health.options.js';
import { GraphqlWsCodec } from '../protocol/graphql-ws.codec.js';
import type { HeartbeatCodec } from '../protocol/heartbeat.codec.js';
import { JsonCodec } from '../protocol/json.codec.js';
import { NestCodec } from '../protocol/nest.codec.js';
import { PhoenixCodec } from '../protocol/phoenix.codec.js';
import { SignalrCodec } from '../protocol/signalr.codec.js';
import type { OptionReader } from './option.reader.js';
import { MIN_INTERVAL_MS } from './tick.js';

/** The codecs that go by a name. They hold no state. */
const CODECS: Readonly<Record<CodecName, HeartbeatCodec>> = {
  json: new JsonCodec(),
  nest: new NestCodec(),
  phoenix: new PhoenixCodec(),
  signalr: new SignalrCodec(),
  'graphql-ws': new GraphqlWsCodec(),
};

/** As much of a `server_ping` as matters at boot. */
const TRIAL = { type: 'server_ping', ts: 1_750_000_000_000, interval: 30_000 } as const;

/** What a codec may leave out, what it must look like where it is there, and how to tell. */
const OPTIONAL: readonly (readonly [keyof HeartbeatCodec, string, (value: unknown) => boolean])[] = [
  ['asks', '"server", "client" or "both"', (value) => ['server', 'client', 'both'].includes(value as string)],
  ['defaultIntervalMs', `a number of milliseconds above ${MIN_INTERVAL_MS}`, isInterval],
  ['opening', 'a function', isFunction],
];

/**
 * The codec that the options ask for.
 *
 * @throws ConnectionHealthOptionsError that names what is missing or wrong
 */
export function codecOf(reader: OptionReader): HeartbeatCodec {
  const given = reader.given('codec');
  const codec = given === undefined ? 'json' : given;
  if (typeof codec === 'string' && Object.hasOwn(CODECS, codec)) return CODECS[codec as CodecName];
  if (!hasRequired(codec)) {
    const names = Object.keys(CODECS).map((name) => `"${name}"`);
    const expected = `${names.join(', ')} or an object with name, recognise() and encode()`;
    return reader.reject('codec', expected, codec);
  }
  for (const [part, expected, isFine] of OPTIONAL) {
    const value = codec[part];
    if (value !== undefined && !isFine(value)) reader.reject(`codec.${part}`, expected, value);
  }
  tryToAsk(codec, reader);
  return codec;
}

/**
 * A codec that cannot ask would fail at each beat, for each client. Where the wire begins with a handshake it may have to
 * know the dialect first, which shows only then; where the clients ask, it never has to.
 */
function tryToAsk(codec: HeartbeatCodec, reader: OptionReader): void {
  const { name, asks, opening } = codec;
  if (asks === 'client' || opening !== undefined) return;
  let frame: unknown;
  try {
    frame = codec.encode(TRIAL);
  } catch (error) {
    const told = error instanceof Error ? `an error: ${error.message}` : 'an error';
    reader.reject('codec.encode()', `text or bytes for a server_ping of the codec "${name}"`, told);
  }
  if (typeof frame === 'string' || ArrayBuffer.isView(frame)) return;
  const expected = `text or bytes for a server_ping, as the clients of the codec "${name}" wait for one`;
  reader.reject('codec.encode()', expected, frame);
}

function hasRequired(codec: unknown): codec is HeartbeatCodec {
  if (typeof codec !== 'object' || codec === null) return false;
  const { name, recognise, encode } = codec as Record<keyof HeartbeatCodec, unknown>;
  return typeof name === 'string' && isFunction(recognise) && isFunction(encode);
}

function isFunction(value: unknown): boolean {
  return typeof value === 'function';
}

function isInterval(value: unknown): boolean {
  return typeof value === 'number' && Number.isFinite(value) && value > MIN_INTERVAL_MS;
}
