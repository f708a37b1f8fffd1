import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';

import { describe, expect, it } from '@jest/globals';
import ts from 'typescript';

const LIB = resolve('lib');

interface SourceFile {
  /** Path below `lib/`. */
  readonly path: string;
  /** First folder below `lib/`; empty for the files that lie in `lib/` itself. */
  readonly folder: string;
  readonly text: string;
  /** Files below `lib/` that it imports. */
  readonly local: readonly string[];
  /** Packages and Node modules that it imports. */
  readonly foreign: readonly string[];
}

/** Which folders a folder may import beside itself (design, section 3). Folders that are not here import anything. */
const ARROWS: Record<string, readonly string[]> = {
  protocol: [],
  client: ['protocol'],
  clock: [],
  transport: [],
  connection: ['protocol', 'clock', 'transport'],
  lifecycle: ['connection', 'protocol', 'clock'],
  heartbeat: ['connection', 'clock', 'protocol', 'transport'],
  liveness: ['connection', 'heartbeat', 'lifecycle', 'clock', 'protocol'],
  gateway: ['connection', 'lifecycle', 'transport', 'protocol', 'clock'],
  signals: ['connection', 'lifecycle', 'transport', 'protocol', 'clock'],
  drain: ['connection', 'lifecycle', 'transport', 'protocol', 'clock'],
  redis: ['fleet'],
};

/** Packages and Node modules that a folder may import; `node:*` types everywhere but in what runs in browsers. */
const FOREIGN: Record<string, readonly string[]> = {
  protocol: [],
  client: [],
  clock: [],
  transport: ['node:events', 'node:http', 'node:net'],
  connection: ['node:crypto', 'node:http', 'node:net', 'proxy-addr'],
  heartbeat: [],
  liveness: [],
  lifecycle: ['rxjs'],
  metrics: ['prom-client'],
  fleet: ['node:crypto', 'node:os'],
  redis: ['node:crypto'],
  terminus: ['node:timers/promises', '@nestjs/common', '@nestjs/terminus'],
};

/** What may be imported from anywhere: names, errors, and the shapes of options. */
const COMMON = ['connection-health.tokens.ts', 'connection-health.errors.ts', 'connection-health.options.ts'];

/** What reporters may import. */
const READABLE =
  /^(protocol\/|lifecycle\/lifecycle\.(events|bus)\.|connection\/(connection\.(census|commands|history|snapshot|settings)|server\.tally|bounded\.text|identity)\.|heartbeat\/latency\.window\.|fleet\/fleet\.answers\.)/;

function read(path: string): SourceFile {
  const text = readFileSync(join(LIB, path), 'utf8');
  const imports = ts.preProcessFile(text, true, true).importedFiles.map(({ fileName }) => fileName);
  const located = (name: string): string =>
    relative(LIB, resolve(LIB, dirname(path), name)).replace(/\.js$/, '.ts');
  return {
    path,
    folder: path.includes('/') ? path.slice(0, path.indexOf('/')) : '',
    text,
    local: imports.filter((name) => name.startsWith('.')).map(located),
    foreign: imports.filter((name) => !name.startsWith('.')),
  };
}

const FILES = (readdirSync(LIB, { recursive: true }) as string[])
  .filter((path) => path.endsWith('.ts'))
  // Generated: other people's code, as strings.
  .filter((path) => !path.endsWith('page.assets.ts'))
  .map((path) => read(path.replaceAll('\\', '/')));

/** `importer → imported` for every import that is not allowed. */
function trespasses(
  files: readonly SourceFile[],
  isAllowed: (file: SourceFile, path: string) => boolean,
): string[] {
  return files.flatMap((file) =>
    file.local.filter((path) => !isAllowed(file, path)).map((path) => `${file.path} → ${path}`),
  );
}

function inFolder(folder: string): SourceFile[] {
  return FILES.filter((file) => file.folder === folder);
}

describe('the arrows of lib/', () => {
  it('reads what is there', () => {
    expect(FILES.length).toBeGreaterThan(40);
    expect(FILES.flatMap(({ local }) => local).length).toBeGreaterThan(100);
    for (const folder of Object.keys(ARROWS)) expect(inFolder(folder)).not.toEqual([]);
  });

  it.each(Object.entries(ARROWS))('%s imports only itself and: %j', (folder, allowed) => {
    const isAllowed = ({ path: importer }: SourceFile, path: string): boolean => {
      // The wire is shared with browsers and imports nothing at all; so it is with clocks.
      if (COMMON.includes(path)) return folder !== 'protocol' && folder !== 'clock';
      return [folder, ...allowed].some((each) => path.startsWith(`${each}/`)) && path !== importer;
    };
    expect(trespasses(inFolder(folder), isAllowed)).toEqual([]);
  });

  it.each(Object.entries(FOREIGN))('%s needs of others only: %j', (folder, allowed) => {
    const strangers = inFolder(folder).flatMap(({ path, foreign }) =>
      foreign.filter((name) => !allowed.includes(name)).map((name) => `${path} → ${name}`),
    );
    expect(strangers).toEqual([]);
  });

  it('the product itself never imports a transport or Redis library: sockets and clients are known by their shape', () => {
    // The audit command is a client: it opens WebSockets of its own.
    const importers = FILES.filter(
      ({ folder, path }) => folder !== 'testing' && !path.startsWith('audit/probe/'),
    ).filter(({ foreign }) =>
      foreign.some((name) => /^(ws|socket\.io|engine\.io|ioredis|redis)(\/|$)/.test(name)),
    );
    expect(importers.map(({ path }) => path)).toEqual([]);
  });

  it.each(['metrics', 'terminus', 'diagnostics', 'fleet'])(
    '%s reads events, snapshots and counts, and touches nothing that acts but the commands port',
    (folder) => {
      const isAllowed = (_file: SourceFile, path: string): boolean =>
        path.startsWith(`${folder}/`) || READABLE.test(path) || COMMON.includes(path);
      expect(inFolder(folder)).not.toEqual([]);
      expect(trespasses(inFolder(folder), isAllowed)).toEqual([]);
    },
  );

  it("the gateway's half of the audit knows nothing of the command's, and nothing that judges", () => {
    const half = FILES.filter(({ path }) => path.startsWith('audit/gateway/'));
    const allowed = /^(audit\/gateway|connection|lifecycle|protocol|clock)\//;
    expect(half.length).toBeGreaterThan(5);
    expect(trespasses(half, (_file, path) => allowed.test(path))).toEqual([]);
    const strangers = half.flatMap(({ foreign }) =>
      foreign.filter((name) => !/^node:(crypto|http)$/.test(name)),
    );
    expect(strangers).toEqual([]);
  });

  it('the commands know the wire and the shapes of reports, and nothing of a gateway', () => {
    const commands = inFolder('audit').filter(({ path }) => !path.startsWith('audit/gateway/'));
    const allowed = /^(audit\/(?!gateway\/)|protocol\/|diagnostics\/diagnostics\.snapshot\.)/;
    expect(trespasses(commands, (_file, path) => allowed.test(path))).toEqual([]);
    const nest = commands.flatMap(({ foreign }) => foreign.filter((name) => !/^(node:|ws$)/.test(name)));
    expect(nest).toEqual([]);
  });

  it('nobody needs the commands, and only the wiring the half in the gateway', () => {
    const others = FILES.filter(({ folder }) => folder !== 'audit');
    const strangers = trespasses(
      others,
      ({ folder }, path) =>
        !path.startsWith('audit/') ||
        (path.startsWith('audit/gateway/') && (folder === '' || path === 'audit/gateway/audit.settings.ts')),
    );
    expect(strangers).toEqual([]);
  });

  it('options know the shapes of everything, and drag in nothing that acts', () => {
    const acting = inFolder('options').flatMap(({ path, text }) =>
      [...text.matchAll(/^import (?!type)[^;]* from '\.\.\/([^']+)'/gm)]
        .map(([, name]) => name!)
        .filter((name) => !/^(protocol|clock|connection|lifecycle|connection-health\.errors)[/.]/.test(name))
        .map((name) => `${path} → ${name}`),
    );
    expect(acting).toEqual([]);
  });

  it('only the files in lib/ itself resolve options', () => {
    const others = FILES.filter(({ folder }) => folder !== '' && folder !== 'options');
    expect(trespasses(others, (_file, path) => !path.startsWith('options/'))).toEqual([]);
  });

  it('nobody but the files in lib/ itself knows the module, the runtime or the service', () => {
    const others = FILES.filter(({ folder }) => folder !== '');
    expect(trespasses(others, (_file, path) => path.includes('/') || COMMON.includes(path))).toEqual([]);
  });

  it('what may be imported from anywhere holds no behaviour of its own that drags others along', () => {
    for (const name of ['connection-health.tokens.ts', 'connection-health.errors.ts']) {
      const { local, foreign } = FILES.find(({ path }) => path === name)!;
      expect([name, ...local, ...foreign]).toEqual([name]);
    }
    const { text } = FILES.find(({ path }) => path === 'connection-health.options.ts')!;
    expect([...text.matchAll(/^import (?!type)/gm)]).toEqual([]);
  });

  it('imports Nest and rxjs from their package roots only', () => {
    const deep = FILES.flatMap(({ path, foreign }) =>
      foreign.filter((name) => /^(@nestjs\/[^/]+|rxjs)\//.test(name)).map((name) => `${path} → ${name}`),
    );
    expect(deep).toEqual([]);
  });

  it('only gateway/nest-internals.ts says names that Nest does not publish', () => {
    const own = ['GATEWAY_HEALTH_OPTIONS', 'GATEWAY_HEALTH_SKIPPED', 'LIFECYCLE_HOOK'];
    const metadataKeys = /Reflect\.\w+Metadata\(\s*([^,\s]+)/g;
    const nestNames = /['"`](websockets:|microservices:|design:|__\w+__)/;
    const speakers = FILES.filter(({ path }) => path !== 'gateway/nest-internals.ts').filter(({ text }) => {
      const keys = [...text.matchAll(metadataKeys)].map(([, key]) => key!);
      return nestNames.test(text) || keys.some((key) => !own.includes(key));
    });
    expect(speakers.map(({ path }) => path)).toEqual([]);
    expect(nestNames.test(FILES.find(({ path }) => path === 'gateway/nest-internals.ts')!.text)).toBe(true);
  });

  it('every symbol that both copies of the package must agree on is made by Symbol.for', () => {
    const own = FILES.filter(({ text }) => /(?<![\w.])Symbol\(/.test(text)).map(({ path }) => path);
    expect(own).toEqual([]);
  });
});
