import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

const TSC = resolve('node_modules/typescript/bin/tsc');

/** @returns what it has to complain of */
function tsc(folder: string, ...args: string[]): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, [TSC, ...args], {
    cwd: folder,
    encoding: 'utf8',
  });
  return status === 0 ? '' : stdout + stderr;
}

describe('the types of the client', () => {
  const folder = mkdtempSync(join(tmpdir(), 'healthy-websocket-types-'));
  const declarations = join(folder, 'node_modules', 'the-client');

  // As they are published, from the source of now.
  beforeAll(() => {
    const project = {
      extends: resolve('tsconfig.json'),
      compilerOptions: {
        rootDir: resolve('lib'),
        outDir: declarations,
        noEmit: false,
        declaration: true,
        emitDeclarationOnly: true,
        typeRoots: [resolve('node_modules/@types')],
      },
      files: [resolve('lib/client/index.ts')],
      include: [],
    };
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(project));
    const complaints = tsc(folder);
    if (complaints !== '') throw new Error(complaints);
    writeFileSync(
      join(declarations, 'package.json'),
      JSON.stringify({ name: 'the-client', type: 'module', exports: { types: './client/index.d.ts' } }),
    );
  }, 180_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** A project of a user's, with every library check on. */
  function compile(name: string, compilerOptions: object, text: string): string {
    const home = join(folder, name);
    mkdirSync(home);
    writeFileSync(join(home, 'main.ts'), text);
    writeFileSync(join(home, 'package.json'), '{"type":"module"}');
    writeFileSync(
      join(home, 'tsconfig.json'),
      JSON.stringify({
        compilerOptions: {
          target: 'ES2022',
          strict: true,
          noEmit: true,
          skipLibCheck: false,
          typeRoots: [resolve('node_modules/@types')],
          ...compilerOptions,
        },
        files: ['main.ts'],
      }),
    );
    return tsc(home);
  }

  const browser = { module: 'esnext', moduleResolution: 'bundler', lib: ['ES2022', 'DOM'], types: [] };

  it('stand in for those of `WebSocket` in a browser, without any of Node', () => {
    const complaints = compile(
      'browser',
      browser,
      `import { HealthyWebSocket, type HealthyCloseEvent } from 'the-client';
       const socket: WebSocket = new HealthyWebSocket('wss://example.org', ['a', 'b']);
       socket.onopen = () => socket.send(new Blob(['x']));
       socket.onclose = ({ code, reason, wasClean }: CloseEvent) => console.log(code, reason, wasClean);
       socket.addEventListener('message', ({ data }: MessageEvent) => console.log(data));
       const Class: typeof WebSocket = HealthyWebSocket;
       const Other: typeof WebSocket = HealthyWebSocket.with({ reconnect: false, WebSocket });
       function chat(url: string, Impl: typeof WebSocket): WebSocket { return new Impl(url); }
       chat('wss://example.org', Other); chat('wss://example.org', Class);

       const healthy = new HealthyWebSocket(() => fetch('/token').then(() => new URL('wss://x')), [], {
         authenticate: async (raw) => raw.send('login'),
         reconnect: ({ code }) => (code === 4400 ? 'never' : undefined),
         state: () => document.title,
       });
       healthy.addEventListener('close', (event) => { const pause: number | undefined = event.retryInMs; return pause; });
       healthy.onclose = ({ willReconnect }) => console.log(willReconnect);
       healthy.onclose = (event: CloseEvent) => console.log(event.code);
       healthy.onend = ({ reason }) => console.log(reason);
       healthy.addEventListener('drop', ({ data, reason }) => console.log(data, reason), { once: true });
       healthy.addEventListener('close', { handleEvent(event: Event) { console.log((event as HealthyCloseEvent).code); } });
       healthy.binaryType = 'arraybuffer';`,
    );
    expect(complaints).toBe('');
  }, 180_000);

  it('refuse what is wrong', () => {
    const complaints = compile(
      'wrong',
      browser,
      `import { HealthyWebSocket } from 'the-client';
       const socket = new HealthyWebSocket('wss://example.org');
       socket.readyState = 1;
       socket.addEventListener('close', (event) => event.retryMs);
       new HealthyWebSocket('wss://example.org', [], { grace: 1 });
       new HealthyWebSocket('wss://example.org', [], { reconnect: () => 'later' });
       socket.onend = ({ code }) => code;
       socket.binaryType = 'nodebuffer';`,
    );
    const lines = [...complaints.matchAll(/main\.ts\((\d+),/g)].map(([, line]) => Number(line));
    expect(lines).toEqual([3, 4, 5, 6, 7, 8]);
  }, 180_000);

  it('need nothing of a browser in Node', () => {
    const paths = { ws: [resolve('node_modules/@types/ws/index.d.ts')] };
    const complaints = compile(
      'node',
      { module: 'nodenext', lib: ['ES2022'], types: ['node'], paths },
      `import { WebSocket } from 'ws';
       import { HealthyWebSocket, type SocketClass } from 'the-client';
       const socket = new HealthyWebSocket('wss://example.org', undefined, { WebSocket });
       class WithHeaders extends WebSocket {
         constructor(url: string | URL, protocols?: string | string[]) {
           super(url, protocols, { headers: { authorization: 'x' } });
         }
       }
       const Class: SocketClass = WithHeaders;
       new HealthyWebSocket('wss://example.org', 'chat', { WebSocket: WithHeaders }).send(Buffer.from('x'));
       socket.onmessage = ({ data }) => console.log(data, Class);
       socket.addEventListener('close', ({ code, willReconnect }) => console.log(code, willReconnect));
       socket.dispatchEvent(new Event('message'));`,
    );
    expect(complaints).toBe('');
  }, 180_000);
});
