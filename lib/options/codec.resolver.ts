import type { CodecName } from '../connection-health.options.js';
import { GraphqlWsCodec } from '../protocol/graphql-ws.codec.js';
import type { HeartbeatCodec } from '../protocol/heartbeat.codec.js';
import { JsonCodec } from '../protocol/json.codec.js';
import { NestCodec } from '../protocol/nest.codec.js';
import { PhoenixCodec } from '../protocol/phoenix.codec.js';
import { SignalrCodec } from '../protocol/signalr.codec.js';
import type { OptionReader } from './option.reader.js';

/** The codecs that go by a name. They hold no state. */
const CODECS: Readonly<Record<CodecName, HeartbeatCodec>> = {
  json: new JsonCodec(),
  nest: new NestCodec(),
  phoenix: new PhoenixCodec(),
  signalr: new SignalrCodec(),
  'graphql-ws': new GraphqlWsCodec(),
};

/** What a codec may leave out, what it must look like where it is there, and how to tell. */
const OPTIONAL: readonly (readonly [keyof HeartbeatCodec, string, (value: unknown) => boolean])[] = [
  ['asks', '"server", "client" or "both"', (value) => ['server', 'client', 'both'].includes(value as string)],
  ['defaultIntervalMs', 'a number of milliseconds above 0', isPositive],
  ['opening', 'a function', isFunction],
];

/**
 * The codec that the options ask for.
 *
 * @throws ConnectionHealthOptionsError that names what is missing or wrong
 */
export function codecOf(reader: OptionReader): HeartbeatCodec {
  const codec = reader.given('codec') ?? 'json';
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
  return codec;
}

function hasRequired(codec: unknown): codec is HeartbeatCodec {
  if (typeof codec !== 'object' || codec === null) return false;
  const { name, recognise, encode } = codec as Record<keyof HeartbeatCodec, unknown>;
  return typeof name === 'string' && isFunction(recognise) && isFunction(encode);
}

function isFunction(value: unknown): boolean {
  return typeof value === 'function';
}

function isPositive(value: unknown): boolean {
  return typeof value === 'number' && Number.isFinite(value) && value > 0;
}
