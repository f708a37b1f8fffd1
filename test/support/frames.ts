import * as fc from 'fast-check';

/** One message as it goes over the wire. */
export interface Frame {
  readonly data: Buffer;
  readonly isBinary: boolean;
}

/** What rule R9 says of a frame. */
export type Ruling =
  'app' | { readonly kind: 'answer' | 'ask'; readonly ts: number } | 'malformed' | 'resume';

/** Rule R9, written down once more with nothing but `JSON.parse`. */
export function ruleOn({ data, isBinary }: Frame): Ruling {
  if (isBinary || data.byteLength > 1024) return 'app';
  const message = parsed(data);
  if (typeof message !== 'object' || message === null || Array.isArray(message)) return 'app';
  if (!Object.hasOwn(message, 'type')) return 'app';
  const { type, ts } = message as { type: unknown; ts: unknown };
  if (type === 'client_resume') return 'resume';
  if (type !== 'client_pong' && type !== 'client_ping') return 'app';
  if (typeof ts !== 'number' || !Number.isFinite(ts)) return 'malformed';
  return { kind: type === 'client_pong' ? 'answer' : 'ask', ts };
}

function parsed(data: Buffer): unknown {
  try {
    return JSON.parse(data.toString('utf8'));
  } catch {
    return undefined;
  }
}

/** How a generated frame reads in a counterexample. */
export function inWords({ data, isBinary }: Frame): string {
  const text = JSON.stringify(data.toString('utf8'));
  return `${isBinary ? 'binary' : 'text'}, ${data.byteLength} bytes: ${text.slice(0, 300)}`;
}

const space = fc.string({ unit: fc.constantFrom(' ', '\t', '\n', '\r'), maxLength: 3 });
const strangeSpace = fc.constantFrom('\u00a0', '\ufeff', '\v', '\f', '\u2028');

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

/** A JSON string with some of its characters written as escapes. */
function stringToken(value: string): fc.Arbitrary<string> {
  return fc
    .array(fc.boolean(), { minLength: value.length, maxLength: value.length })
    .chain((escapes) => fc.constantFrom(escapes, [] as boolean[]))
    .map((escapes) =>
      [...value]
        .map((character, at) => (escapes[at] ? escaped(character) : JSON.stringify(character).slice(1, -1)))
        .join(''),
    )
    .map((body) => `"${body}"`);
}

const typeName = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom('client_pong', 'client_ping', 'client_resume') },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      'client_audit',
      'server_ping',
      'client_pong ',
      'Client_Pong',
      'client-pong',
      'client_pon',
      'client_ping\u0000',
      'chat',
    ),
  },
);

const tsToken = fc.oneof(
  fc.integer().map(String),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => JSON.stringify(value)),
  fc.constantFrom(
    '1e999',
    '-1e999',
    '"1709827200000"',
    'null',
    'true',
    '[1]',
    '{}',
    '-0',
    '1E3',
    '0.5',
    'NaN',
    '01',
  ),
);

const typeToken = fc.oneof(
  { weight: 8, arbitrary: typeName.chain(stringToken) },
  { weight: 1, arbitrary: fc.constantFrom('null', '["client_pong"]', '{"type":"client_ping"}', '1') },
);

const member = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(stringToken('type'), typeToken) },
  { weight: 3, arbitrary: fc.tuple(stringToken('ts'), tsToken) },
  { weight: 1, arbitrary: fc.constant(['"event"', '"raw"'] as [string, string]) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('"data"'), fc.json({ maxDepth: 1 })) },
  {
    weight: 2,
    arbitrary: fc.tuple(
      fc.constantFrom('state', 'reason', 'event', '__proto__', 'constructor', 'Type').chain(stringToken),
      fc.oneof(
        fc.json({ maxDepth: 2 }),
        fc.constantFrom('{"type":"client_ping","ts":1}', '"raw"', '"client_pong"'),
      ),
    ),
  },
);

/** The text of an object: any members in any order, repeated ones too, with any white space in between. */
const objectText = fc
  .tuple(
    fc.array(fc.tuple(space, member, space), { minLength: 0, maxLength: 5 }),
    fc.boolean(),
    fc.tuple(typeToken, stringToken('type')),
    space,
  )
  .map(([members, addsType, [type, key], edge]) => {
    const written = members.map(
      ([before, [name, value], after]) => `${before}${name}${after}:${before}${value}`,
    );
    if (addsType) written.splice(written.length >> 1, 0, `${key}:${type}`);
    return `${edge}{${written.join(',')}}${edge}`;
  });

/** An object near the border of 1 KiB, filled up with white space or with a member. */
const borderText = fc
  .tuple(typeName.chain(stringToken), fc.constantFrom(1023, 1024, 1025, 2048), fc.boolean())
  .map(([type, bytes, withSpaces]) => {
    const start = `{"type":${type},"ts":1`;
    if (withSpaces) return `${start}}`.padEnd(bytes, ' ');
    const opening = `${start},"fill":"`;
    return `${opening}${'x'.repeat(Math.max(0, bytes - opening.length - 2))}"}`;
  });

/** What is left when the text of an object was damaged, or wrapped. */
const damagedText = fc
  .tuple(
    objectText,
    fc.nat({ max: 60 }),
    fc.constantFrom('cut', 'bom', 'array', 'tail', 'space', 'twice', 'quoted'),
    strangeSpace,
  )
  .map(([text, at, damage, strange]) => {
    if (damage === 'cut') return text.slice(0, at);
    if (damage === 'bom') return `\ufeff${text}`;
    if (damage === 'array') return `[${text}]`;
    if (damage === 'tail') return `${text}x`;
    if (damage === 'space') return `${strange}${text}`;
    if (damage === 'quoted') return JSON.stringify(text);
    return text + text;
  });

const text = fc
  .oneof(
    { weight: 8, arbitrary: objectText },
    { weight: 2, arbitrary: borderText },
    { weight: 3, arbitrary: damagedText },
    { weight: 1, arbitrary: fc.json() },
    { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 40 }) },
    {
      weight: 1,
      arbitrary: fc
        .tuple(objectText, fc.integer({ min: 1, max: 20_000 }))
        .map(([json, more]) => json + ' '.repeat(more)),
    },
  )
  .map((value) => Buffer.from(value));

/** A heartbeat, or nearly one, with bytes in it that are no UTF-8. */
const brokenUtf8 = fc
  .tuple(
    objectText,
    fc.nat({ max: 80 }),
    fc.constantFrom([0xff], [0xc3, 0x28], [0xed, 0xa0, 0x80], [0xe2, 0x82]),
  )
  .map(([json, at, bytes]) => {
    const data = Buffer.from(json);
    return Buffer.concat([data.subarray(0, at), Buffer.from(bytes), data.subarray(at)]);
  });

const anyBytes = fc.oneof(
  { weight: 20, arbitrary: text },
  { weight: 2, arbitrary: brokenUtf8 },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)) },
);

/** Frames around rule R9: heartbeats in all their spellings, near misses, and everything else. */
export const frames: fc.Arbitrary<Frame> = fc.record({
  data: anyBytes,
  isBinary: fc.oneof(
    { weight: 6, arbitrary: fc.constant(false) },
    { weight: 1, arbitrary: fc.constant(true) },
  ),
});
