import { readFileSync } from 'node:fs';

import { describe, expect, it } from '@jest/globals';
import ts from 'typescript';

import { resolveClientOptions } from '../../lib/client/client.options.resolver.js';
import { FakeSocket } from '../client/support/fake.socket.js';

const PAGE = readFileSync('docs/client.md', 'utf8');

function sourceOf(path: string): ts.SourceFile {
  return ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.Latest, true);
}

/** The members of an interface, those of an object within as `outer.inner`. */
function membersOf(path: string, name: string): string[] {
  const found = sourceOf(path).statements.find(
    (statement): statement is ts.InterfaceDeclaration =>
      ts.isInterfaceDeclaration(statement) && statement.name.text === name,
  )!;
  return found.members.filter(ts.isPropertySignature).flatMap((member) => {
    const own = member.name.getText();
    const { type } = member;
    if (type === undefined || !ts.isTypeLiteralNode(type)) return [own];
    return type.members.map((inner) => `${own}.${inner.name!.getText()}`);
  });
}

/** The words of a union of texts. */
function wordsOf(path: string, name: string): string[] {
  const found = sourceOf(path).statements.find(
    (statement): statement is ts.TypeAliasDeclaration =>
      ts.isTypeAliasDeclaration(statement) && statement.name.text === name,
  )!;
  return [...found.type.getText().matchAll(/'(\w+)'/g)].map(([, word]) => word!);
}

/** The first two cells of each row of a table. */
function rowsUnder(heading: string): [name: string, second: string][] {
  const [, after] = PAGE.split(`\n## ${heading}\n`);
  const [section] = after!.split('\n## ');
  return [...section!.matchAll(/^\| `([\w.]+)` \| ([^|]*) \|/gm)].map(([, name, second]) => [name!, second!]);
}

describe('the page about the client', () => {
  const queue = membersOf('lib/client/outbox.ts', 'QueueSettings').map((name) => `queue.${name}`);
  const options = membersOf('lib/client/client.options.ts', 'HealthyWebSocketOptions').flatMap((name) =>
    name === 'queue' ? queue : [name],
  );

  it('has a row for each option, in the order of the source, and for nothing else', () => {
    expect(options).toContain('backoff.maxMs');
    expect(rowsUnder('Options').map(([name]) => name)).toEqual(options);
  });

  it('says the defaults that are used', () => {
    const { WebSocket: _class, ...resolved } = resolveClientOptions({ WebSocket: FakeSocket });
    const said = Object.fromEntries(rowsUnder('Options'));
    const { backoff, queue: box, ...rest } = resolved;
    const flat = {
      ...rest,
      ...Object.fromEntries(Object.entries(backoff).map(([name, value]) => [`backoff.${name}`, value])),
      ...Object.fromEntries(Object.entries(box).map(([name, value]) => [`queue.${name}`, value])),
    };
    const plain = Object.entries(flat).filter(([, value]) => /number|string|boolean/.test(typeof value));
    expect(plain.length).toBe(10);
    for (const [name, value] of plain)
      expect([name, said[name]!.replaceAll(/[`']/g, '')]).toEqual([name, String(value)]);
  });

  it('has a row for each event', () => {
    const events = membersOf('lib/client/event.surface.ts', 'HealthyWebSocketEventMap');
    expect(
      rowsUnder('Events')
        .map(([name]) => name)
        .toSorted(),
    ).toEqual(events.toSorted());
  });

  it.each([
    ['LossReason', 'lib/client/client.events.ts'],
    ['EndReason', 'lib/client/client.events.ts'],
    ['ReconnectAdvice', 'lib/protocol/close-reasons.ts'],
  ])('explains every word of %s', (name, path) => {
    const words = wordsOf(path, name);
    expect(words.length).toBeGreaterThan(2);
    expect(words.filter((word) => !new RegExp(`[\`'']${word}[\`'']`).test(PAGE))).toEqual([]);
  });

  it('names every public member of the class', () => {
    const [found] = sourceOf('lib/client/healthy.websocket.ts').statements.filter(ts.isClassDeclaration);
    const names = found!.members
      .map((member) => member.name?.getText() ?? 'constructor')
      .filter((name) => !/^(#|[A-Z]+$|constructor)/.test(name));
    expect(names.length).toBeGreaterThan(10);
    expect([...new Set(names)].filter((name) => !new RegExp(`\`[\\w.]*\\b${name}\\b`).test(PAGE))).toEqual([
      'protocol',
      'extensions',
    ]);
  });

  it('links only to headings that it has', () => {
    const slugs = [...PAGE.matchAll(/^#+ (.*)$/gm)].map(([, title]) =>
      title!
        .toLowerCase()
        .replaceAll(/[^\w -]/g, '')
        .replaceAll(' ', '-'),
    );
    const links = [...PAGE.matchAll(/\]\(#([\w-]+)\)/g)].map(([, slug]) => slug!);
    expect(links.filter((slug) => !slugs.includes(slug))).toEqual([]);
    expect(links.length).toBeGreaterThan(3);
  });
});
