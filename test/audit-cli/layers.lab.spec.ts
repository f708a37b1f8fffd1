import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, describe, expect, it } from '@jest/globals';
import { WebSocketGateway } from '@nestjs/websockets';

import { useProxies, type Behaviour, type ProxyName, type RunningProxy } from '../proxy-lab/lab.js';
import type { TestApp } from '../support/app.js';
import { useApps } from '../support/apps.js';
import { TestClient } from '../support/client.js';
import type { EveryOption } from '../support/diagnostics.app.js';
import { until } from '../support/wait.js';
import { run, type CliRun } from './printed.js';

@WebSocketGateway()
class ChatGateway {}

const STAY = 4;
const LEAVE = 6;

const startApp = useApps();
const startProxy = useProxies();
const folders: string[] = [];

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

/** An app that asks nobody while the test looks: its ghosts stay. */
function app(): Promise<TestApp> {
  const options: EveryOption = { heartbeat: { intervalMs: 600_000 }, diagnostics: true };
  return startApp([ChatGateway], options);
}

function portOf({ url }: TestApp): number {
  return Number(new URL(url).port);
}

/** Some come and stay, more come and leave; resolves when every layer that will hear of it has. */
async function comeAndGo(proxy: RunningProxy, { service }: TestApp, left: number): Promise<void> {
  const clients = await Promise.all(
    Array.from({ length: STAY + LEAVE }, () => TestClient.connect(proxy.url('/'))),
  );
  const held = (): number => service.snapshot().total_connections;
  await until('all have arrived', () => held() === STAY + LEAVE);
  for (const { socket } of clients.slice(STAY)) socket.terminate();
  await until('the gateway has heard what it will hear', () => held() === left);
}

/** What the command says once the proxy has noticed that those who left have left. */
async function layers({ url }: TestApp, name: string, args: () => readonly string[]): Promise<CliRun> {
  const gateway = `${url.replace('ws:', 'http:')}/connection-health`;
  const look = (): Promise<CliRun> => run(['layers', '--gateway', gateway, ...args()]);
  const noticed = new RegExp(`^clients → ${name} +${STAY}$`, 'm');
  await until('the proxy has noticed', async () => noticed.test((await look()).out), 15_000);
  return look();
}

/** A proxy in front of a bridge in front of the app. */
async function behind(
  name: ProxyName,
  behaviour: Behaviour,
): Promise<{ readonly server: TestApp; readonly proxy: RunningProxy }> {
  const server = await app();
  const bridge = await startProxy('node', { backend: { port: portOf(server) }, behaviour });
  return { server, proxy: await startProxy(name, { backend: { port: bridge.port } }) };
}

/** The control of the lab's Caddy is where its metrics are. */
function sourceOf(name: string, { statusUrl }: RunningProxy): string[] {
  return [`--${name}`, name === 'caddy' ? new URL('/', statusUrl).href : statusUrl!];
}

describe.each([
  ['nginx', 'in nginx, or between nginx and the gateway'],
  ['haproxy', 'between haproxy and the gateway'],
  ['caddy', 'between caddy and the gateway'],
] as const)('layers with the numbers of %s', (name, where) => {
  it('names the place behind it where a bridge leaks', async () => {
    const { server, proxy } = await behind(name, 'ghost');
    await comeAndGo(proxy, server, STAY + LEAVE);
    const { exitCode, out, err } = await layers(server, name, () => sourceOf(name, proxy));
    expect({ exitCode, err }).toEqual({ exitCode: 1, err: '' });
    expect(out).toMatch(new RegExp(`^clients → ${name} +${STAY}$`, 'm'));
    expect(out).toMatch(new RegExp(`^gateway +${STAY + LEAVE} +\\+${LEAVE}$`, 'm'));
    expect(out).toContain(`LEAK ${where}: ${LEAVE} connections`);
  });

  it('finds nothing where a bridge does not leak', async () => {
    const { server, proxy } = await behind(name, 'ok');
    await comeAndGo(proxy, server, STAY);
    const { exitCode, out } = await layers(server, name, () => sourceOf(name, proxy));
    expect(out).toMatch(new RegExp(`^clients → ${name} +${STAY}$`, 'm'));
    expect(out).toContain('no leak');
    expect(exitCode).toBe(0);
  });
});

describe.each([
  ['of this host', (): string => 'local'],
  [
    'in a file',
    (): string => {
      const folder = mkdtempSync(join(tmpdir(), 'layers-'));
      folders.push(folder);
      const path = join(folder, 'sockets.txt');
      writeFileSync(path, execFileSync('ss', ['-tn']));
      return path;
    },
  ],
] as const)('layers with the socket table %s', (_where, table) => {
  it.each([
    ['names the bridge in Lua that leaks', 'ghost', 1],
    ['finds nothing where the bridge does not leak', 'ok', 0],
  ] as const)('%s', async (_what, behaviour, exitCode) => {
    const server = await app();
    const upstream = portOf(server);
    const proxy = await startProxy('lua', { backend: { port: upstream }, behaviour });
    const left = behaviour === 'ghost' ? STAY + LEAVE : STAY;
    await comeAndGo(proxy, server, left);
    const ports = ['--listen-port', `${proxy.port}`, '--upstream-port', `${upstream}`];
    const result = await layers(server, 'the proxy', () => ['--sockets', table(), ...ports]);
    expect(result.out).toMatch(new RegExp(`^clients → the proxy +${STAY}$`, 'm'));
    const excess = left - STAY;
    // Our own question to the gateway is not among them.
    expect(result.out).toMatch(new RegExp(`^the proxy → backend +${left} `, 'm'));
    expect(/LEAK inside the proxy: (\d+) connections/.exec(result.out)?.[1] ?? '0').toBe(`${excess}`);
    expect(result.exitCode).toBe(exitCode);
  });
});
