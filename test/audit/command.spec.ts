import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import { afterEach, describe, expect, it } from '@jest/globals';
import type { ConnectionHealthModuleOptions } from 'nestjs-connection-health';
import { WebSocketServer } from 'ws';

import { readArguments } from '../../lib/audit/audit.arguments.js';
import { auditCommand } from '../../lib/audit/audit.command.js';
import { UsageError } from '../../lib/audit/command.js';
import { useProxies } from '../proxy-lab/lab.js';
import type { TestApp } from '../support/app.js';
import { until } from '../support/wait.js';
import { runAudit, runAuditJson } from './support/audit.run.js';
import { portOf, startAudited, TOKEN } from './support/audited.app.js';

const startProxy = useProxies();
const running: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const stop of running.splice(0).toReversed()) await stop();
});

async function start(options: ConnectionHealthModuleOptions = {}): Promise<TestApp> {
  const app = await startAudited(options);
  running.push(() => app.app.close());
  return app;
}

async function listening(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  running.push(() => new Promise((resolve) => server.close(resolve)));
  return `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

describe('connection-health audit', () => {
  it('shows the way through a proxy beside the direct one, with its progress', async () => {
    const app = await start({ heartbeat: { intervalMs: 700 } });
    const proxy = await startProxy('lua', { behaviour: 'ghost', backend: { port: portOf(app) } });
    const { exitCode, out, steps } = await runAudit(proxy.url('/'), '--direct', app.url, '--idle', '1.5');
    expect(exitCode).toBe(0);
    expect(out).toMatch(/protocol ping of the gateway +answered in between +≠ arrives, the client answers/);
    expect(out).toMatch(
      /client's process ends \(FIN\) +the gateway never hears of it +≠ the gateway sees 1006/,
    );
    expect(out).toContain('Protocol-terminating');
    expect(out).toContain('warning (departures_lost)');
    expect(out).toContain("the bridge: close the gateway's side when the client closes or is gone");
    expect(steps).toEqual(
      expect.arrayContaining(['handshake and protocol pings', 'closes and deaths', 'large messages']),
    );
    expect(steps.some((step) => step.startsWith('idle connections: 1 s'))).toBe(true);
    expect(out).not.toContain(TOKEN);
  });

  it('gives the credentials of a URL to the server, and shows them to nobody', async () => {
    const app = await start();
    const server = createServer();
    const asked: unknown[] = [];
    server.on('upgrade', ({ headers }, socket) => {
      asked.push(headers.authorization);
      socket.end('HTTP/1.1 401 Unauthorized\r\nConnection: close\r\n\r\n');
    });
    const strict = (await listening(server)).replace('//', '//me:p%40ss@');
    await expect(runAudit(strict)).rejects.toThrow(/^ws:\/\/127\.0\.0\.1:\d+\/: the upgrade was refused/);
    expect(asked).toEqual([`Basic ${Buffer.from('me:p@ss').toString('base64')}`]);
    const known = app.url.replace('//', '//me:p%40ss@');
    const { out } = await runAudit(known, '--json', '--direct', known, '--idle', '0.5');
    expect(out).not.toMatch(/p%40ss|p@ss/);
    expect(out).toContain(`"url": "${app.url}`);
  });

  it('leaves nothing open at the gateway, ghosts included', async () => {
    const app = await start();
    const proxy = await startProxy('node', { behaviour: 'ghost', backend: { port: portOf(app) } });
    await runAuditJson(proxy.url('/'), '--idle', '1', '--wait', '0.5');
    await until('all are gone', () => app.service.connections().length === 0);
    expect(app.eventsOf('audit_began')).toHaveLength(1);
  });

  it('finds nothing wrong where the gateway takes what is sent', async () => {
    const app = await start({ heartbeat: { intervalMs: 400 } });
    const { path, verdict } = await runAuditJson(app.url, '--idle', '0.5', '--max-frame', '262144');
    expect(path.frames.gatewayMaxPayload).toBe(104_857_600);
    expect(verdict.problems).toEqual([]);
  });
});

describe('no audit takes place, and a sentence says why,', () => {
  it.each([
    ['the token is wrong', { token: 'another-token-of-some-length' }, 'does not accept the token'],
    ['the option is off', false as const, 'has its option audit off'],
  ])('where %s', async (_where, audit, sentence) => {
    const app = await start({ audit });
    await expect(runAudit(app.url)).rejects.toThrow(sentence);
  });

  it('where nobody listens', async () => {
    await expect(runAudit('ws://127.0.0.1:9/')).rejects.toThrow('no WebSocket could be opened: ');
  });

  it('where the upgrade is refused', async () => {
    const server = createServer();
    server.on('upgrade', (_request, socket) =>
      socket.end('HTTP/1.1 401 Unauthorized\r\nServer: strict\r\nConnection: close\r\n\r\n'),
    );
    const url = await listening(server);
    await expect(runAudit(url)).rejects.toThrow(
      `${url}: the upgrade was refused by strict with 401 Unauthorized: give the credentials that it wants with --header`,
    );
  });

  it('where the app closes the connection at once', async () => {
    const server = createServer();
    const sockets = new WebSocketServer({ server });
    sockets.on('connection', (socket) => socket.close(4401, 'log in'));
    running.push(async () => sockets.close());
    await expect(runAudit(await listening(server))).rejects.toThrow('was closed with 4401 "log in"');
  });

  it('where it speaks WebSocket, but is none of ours', async () => {
    const server = createServer();
    const sockets = new WebSocketServer({ server });
    running.push(async () => {
      for (const socket of sockets.clients) socket.terminate();
      sockets.close();
    });
    await expect(runAudit(await listening(server), '--wait', '0.2')).rejects.toThrow(
      'nobody answers the audit',
    );
  });
});

describe('the arguments', () => {
  it('have defaults, and the token from the environment', () => {
    expect(read('wss://example.org/ws')).toEqual({
      url: 'wss://example.org/ws',
      direct: undefined,
      token: TOKEN,
      json: false,
      idleMs: 75_000,
      maxFrameBytes: 1_048_576,
      waitMs: 3_000,
      headers: {},
      protocols: [],
      insecure: false,
    });
  });

  it('can all be given', () => {
    const args = '--json --insecure --idle 10 --max-frame 2048 --wait 0.5 --protocol a --protocol b'.split(
      ' ',
    );
    expect(read('ws://h/', ...args, '--header', 'Cookie: a=b: c', '--token', 'y'.repeat(16))).toMatchObject({
      json: true,
      insecure: true,
      idleMs: 10_000,
      maxFrameBytes: 2_048,
      waitMs: 500,
      protocols: ['a', 'b'],
      headers: { Cookie: 'a=b: c' },
      token: 'y'.repeat(16),
    });
  });

  it.each([
    [[], 'expected one URL, got 0'],
    [['ws://a/', 'ws://b/'], 'expected one URL, got 2'],
    [['http://a/'], 'expected the URL to begin with ws:// or wss://, got "http://a/"'],
    [['ws://a/', '--direct', 'b:1'], 'expected --direct to begin with'],
    [['ws://a/', '--idle', '451'], 'expected --idle to be a number from 0.5 to 450, got "451"'],
    [['ws://a/', '--idle', ''], 'expected --idle to be a number'],
    [['ws://a/', '--max-frame', '1e9'], 'expected --max-frame to be a number from 1024 to 16777216'],
    [['ws://a/', '--header', 'no colon'], 'expected --header to be "Name: value"'],
    [['ws://a/', '--token', 'short'], 'got one of 5 characters'],
  ])('%j are refused: %s', (args, sentence) => {
    expect(() => read(...args)).toThrow(UsageError);
    expect(() => read(...args)).toThrow(sentence);
  });

  it('need a token', () => {
    expect(() => readArguments(['ws://a/'], {})).toThrow(
      'in CONNECTION_HEALTH_AUDIT_TOKEN or --token, got none',
    );
  });

  it('are all in the help', () => {
    for (const option of [
      'token',
      'direct',
      'json',
      'idle',
      'max-frame',
      'wait',
      'header',
      'protocol',
      'insecure',
    ])
      expect(auditCommand.usage).toContain(`--${option}`);
  });
});

function read(...args: string[]): ReturnType<typeof readArguments> {
  return readArguments(args, { CONNECTION_HEALTH_AUDIT_TOKEN: TOKEN });
}
