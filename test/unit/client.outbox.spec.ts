import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';

import { Outbox, sendable, type QueueSettings, type Sendable } from '../../lib/client/outbox.js';

function makeOutbox(settings: Partial<QueueSettings> = {}) {
  const dropped: Sendable[] = [];
  const all = { maxMessages: 3, maxBytes: 10, drop: 'oldest' as const, ...settings };
  const outbox = new Outbox(all, (data) => dropped.push(data));
  const drain = (): Sendable[] => {
    const taken: Sendable[] = [];
    for (let data = outbox.take(); data !== undefined; data = outbox.take()) taken.push(data);
    return taken;
  };
  return { outbox, dropped, drain };
}

describe('the outbox', () => {
  it('gives back what it was given, in order, once', () => {
    const { outbox, drain } = makeOutbox();
    for (const data of ['a', 'b', 'c']) outbox.add(data);
    expect(outbox.bytes).toBe(3);
    expect(drain()).toEqual(['a', 'b', 'c']);
    expect(drain()).toEqual([]);
    expect(outbox.bytes).toBe(0);
  });

  it.each([
    ['oldest', ['c', 'd', 'e'], ['a', 'b']],
    ['newest', ['a', 'b', 'c'], ['d', 'e']],
  ] as const)('holds so many messages, drops the %s beyond that, and says so', (drop, kept, gone) => {
    const { outbox, dropped, drain } = makeOutbox({ drop });
    for (const data of ['a', 'b', 'c', 'd', 'e']) outbox.add(data);
    expect(dropped).toEqual(gone);
    expect(drain()).toEqual(kept);
  });

  it.each([
    ['oldest', ['cccc', 'ddd'], ['aaaa', 'bbbb']],
    ['newest', ['aaaa', 'bbbb'], ['cccc', 'ddd']],
  ] as const)('holds so many bytes, drops the %s beyond that, and says so', (drop, kept, gone) => {
    const { outbox, dropped, drain } = makeOutbox({ drop });
    for (const data of ['aaaa', 'bbbb', 'cccc', 'ddd']) outbox.add(data);
    expect(dropped).toEqual(gone);
    expect(drain()).toEqual(kept);
  });

  it('puts what is sent by one who is told of a loss behind the message that caused it', () => {
    const dropped: Sendable[] = [];
    const outbox = new Outbox({ maxMessages: 2, maxBytes: 99, drop: 'oldest' }, (data) => {
      dropped.push(data);
      if (data === 'a') outbox.add('sorry for a');
    });
    for (const data of ['a', 'b', 'c']) outbox.add(data);
    expect(dropped).toEqual(['a', 'b']);
    expect([outbox.take(), outbox.take(), outbox.take()]).toEqual(['c', 'sorry for a', undefined]);
  });

  it('does not throw everything out for a message that can never fit', () => {
    const { outbox, dropped, drain } = makeOutbox();
    outbox.add('a');
    outbox.add('x'.repeat(11));
    expect(dropped).toEqual(['x'.repeat(11)]);
    expect(drain()).toEqual(['a']);
  });

  it.each([
    ['text in UTF-8', '☃', 3],
    ['a lone surrogate', '\ud800', 3],
    ['a buffer', new ArrayBuffer(5), 5],
    ['a view, and not what it looks at', new Uint8Array(new ArrayBuffer(100), 7, 4), 4],
    ['a DataView', new DataView(new ArrayBuffer(100), 7, 4), 4],
    ['a Blob', new Blob(['123456']), 6],
    ['nothing', '', 0],
  ])('counts %s', (_name, data, bytes) => {
    const { outbox } = makeOutbox();
    outbox.add(data);
    expect(outbox.bytes).toBe(bytes);
  });

  it.each([
    ['an ArrayBuffer', (bytes: Uint8Array<ArrayBuffer>) => bytes.buffer],
    ['an array', (bytes: Uint8Array) => bytes],
    ['a Buffer', (bytes: Uint8Array<ArrayBuffer>) => Buffer.from(bytes.buffer)],
    ['a DataView', (bytes: Uint8Array<ArrayBuffer>) => new DataView(bytes.buffer)],
  ])('keeps what was in %s at the time', (_name, view) => {
    const { outbox, drain } = makeOutbox();
    const bytes = new Uint8Array([1, 2, 3]);
    outbox.add(view(bytes));
    bytes.fill(9);
    expect(Buffer.from(drain()[0] as Uint8Array)).toEqual(Buffer.from([1, 2, 3]));
  });

  it('keeps a part of a larger buffer, and only that', () => {
    const { outbox, drain } = makeOutbox();
    outbox.add(Buffer.from([0, 1, 2, 3, 4]).subarray(1, 3));
    const [kept] = drain() as Uint8Array[];
    expect([...kept!]).toEqual([1, 2]);
    expect(kept!.buffer.byteLength).toBe(2);
  });

  it('loses nothing unreported, whatever is put in and taken out', () => {
    const setting = fc.record({
      maxMessages: fc.nat({ max: 5 }),
      maxBytes: fc.nat({ max: 30 }),
      drop: fc.constantFrom('oldest' as const, 'newest' as const),
    });
    const orders = fc.array(fc.option(fc.nat({ max: 12 })), { maxLength: 40 });
    fc.assert(
      fc.property(setting, orders, (settings, steps) => {
        const { outbox, dropped, drain } = makeOutbox(settings);
        const given: string[] = [];
        const taken: Sendable[] = [];
        for (const [index, length] of steps.entries()) {
          if (length === null) {
            const data = outbox.take();
            if (data !== undefined) taken.push(data);
            continue;
          }
          const data = String.fromCharCode(33 + index) + 'x'.repeat(length);
          given.push(data);
          outbox.add(data);
          expect(outbox.bytes).toBeLessThanOrEqual(settings.maxBytes);
        }
        taken.push(...drain());
        expect([...taken, ...dropped].toSorted()).toEqual(given.toSorted());
        expect(taken).toEqual(given.filter((data) => taken.includes(data)));
        expect(outbox.bytes).toBe(0);
      }),
    );
  });
});

describe('what can be sent', () => {
  it.each([
    ['text', 'x'],
    ['a buffer', new ArrayBuffer(1)],
    ['an empty one', new ArrayBuffer(0)],
    ['a view', new Uint8Array(1)],
    ['a blob', new Blob(['x'])],
  ])('stays %s', (_name, value) => {
    expect(sendable(value)).toBe(value);
  });

  it.each([
    [1, '1'],
    [null, 'null'],
    [undefined, 'undefined'],
    [true, 'true'],
    [{}, '[object Object]'],
    [[1, 2], '1,2'],
    [new Date(0), String(new Date(0))],
  ])('makes of %p the text %p, as the standard does', (value, text) => {
    expect(sendable(value)).toBe(text);
  });
});
