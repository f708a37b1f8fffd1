import { readFileSync, readdirSync } from 'node:fs';

import { describe, expect, it } from '@jest/globals';
import ts from 'typescript';

import { codecOf } from '../../lib/options/codec.resolver.js';
import { OptionReader } from '../../lib/options/option.reader.js';
import { MAX_ECHO, type PassingMessage } from '../../lib/protocol/heartbeat.codec.js';
import { lineCodec } from '../docs/codecs/handshake.codec.js';

const PAGE = readFileSync('docs/codecs.md', 'utf8');
const SAMPLES = 'test/docs/codecs';

/** The cells of the rows of a table, by the first of each. */
function rowsUnder(heading: string): Map<string, string[]> {
  const [, after] = PAGE.split(`\n## ${heading}\n`);
  const [section] = after!.split('\n## ');
  const rows = section!.split('\n').filter((line) => line.startsWith('|') && !line.startsWith('| ---'));
  return new Map(
    rows.map((row) => {
      const [first, ...rest] = row
        .slice(1, -1)
        .split('|')
        .map((cell) => cell.trim().replaceAll('`', ''));
      return [first!, rest];
    }),
  );
}

/** The members of an interface. */
function membersOf(name: string): string[] {
  const path = 'lib/protocol/heartbeat.codec.ts';
  const source = ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.Latest, true);
  const found = source.statements.filter(ts.isInterfaceDeclaration).find((each) => each.name.text === name)!;
  return found.members.map((member) => member.name!.getText());
}

function passing(from: PassingMessage['from'], data: string): PassingMessage {
  return { from, data, isBinary: false };
}

describe('the page about wires', () => {
  it('shows code that is compiled and tested, and no other', () => {
    const shown = [...PAGE.matchAll(/```ts\n(.*?)\n```/gs)].map(([, code]) => code!);
    const tested = readdirSync(SAMPLES).map((file) => readFileSync(`${SAMPLES}/${file}`, 'utf8').trimEnd());
    expect(shown.toSorted()).toEqual(tested.toSorted());
  });

  it('says of each codec who asks, how often, and whether it has a handshake', () => {
    const rows = rowsUnder('What each wire supports');
    for (const [column, name] of rows.get('')!.entries()) {
      const codec = codecOf(new OptionReader('', { codec: name }, ['codec']));
      const cell = (row: string): string => rows.get(row)![column]!;
      expect([name, codec.name]).toEqual([name, name]);
      expect(cell('who asks')).toContain(codec.asks ?? 'server');
      expect(cell('default interval')).toBe(`${(codec.defaultIntervalMs ?? 30_000) / 1_000} s`);
      expect(cell('begins with a handshake').startsWith('yes')).toBe(codec.opening !== undefined);
      const drain = codec.encode({ type: 'server_drain', reconnectInMs: 1 });
      expect(cell('told before a drain') === 'server_drain').toBe(drain !== undefined);
    }
    expect(PAGE).toContain(`at most ${MAX_ECHO} characters`);
  });

  it('has a row for each part of a codec', () => {
    const rows = [...rowsUnder('A codec of your own').keys()].map((part) => part.replace(/\(.*/, ''));
    expect(membersOf('HeartbeatCodec').filter((member) => !rows.includes(member))).toEqual([]);
  });

  it('has an example with a handshake that does what is said of it', () => {
    expect(lineCodec.opening!(passing('app', 'WELCOME?'), undefined)).toBeUndefined();
    const waiting = lineCodec.opening!(passing('client', 'HELLO'), undefined);
    expect(waiting).toMatchObject({ isOpen: false, turn: 'app' });
    expect(lineCodec.opening!(passing('app', 'WELCOME'), waiting)).toMatchObject({ isOpen: true });
    expect(lineCodec.recognise(Buffer.from('ALIVE 7'), false)).toEqual({ kind: 'ask', echo: '7' });
    expect(lineCodec.recognise(Buffer.from('ALIVE'), false)).toBeUndefined();
    expect(lineCodec.encode({ type: 'server_pong', ts: 1, echo: '7' })).toBe('OK 7');
  });
});
