import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

import { afterEach, describe, expect, it } from '@jest/globals';
import type { HealthyWebSocketOptions } from 'nestjs-connection-health/client';

import { sleep, until } from '../support/wait.js';
import { serverPing } from './support/ours.js';
import { useServers } from './support/plain.server.js';
import { useProcesses } from './support/processes.js';

interface ToldEvent {
  readonly type: string;
  readonly code?: number;
  readonly reason?: string;
  readonly wasClean?: boolean;
  readonly willReconnect?: boolean;
  readonly data?: unknown;
}

/** A client in a process whose `WebSocket` is Node's own; Node 20 has it behind a flag that later ones still know. */
class NativeClient {
  readonly child: ChildProcess;
  private output = '';

  constructor(bundle: string, url: string, options: HealthyWebSocketOptions) {
    const script = fileURLToPath(new URL('support/native.client.mjs', import.meta.url));
    const flags = ['--experimental-websocket', '--disable-warning=ExperimentalWarning'];
    this.child = spawn(process.execPath, [...flags, script, bundle, url, JSON.stringify(options)], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.child.stdout!.on('data', (data) => (this.output += String(data)));
  }

  get events(): ToldEvent[] {
    const lines = this.output.split('\n').filter((line) => line !== '');
    return lines.map((line) => JSON.parse(line) as ToldEvent);
  }

  of(type: string): ToldEvent[] {
    return this.events.filter((event) => event.type === type);
  }
}

describe("on Node's own WebSocket", () => {
  const serve = useServers();
  const processes = useProcesses();
  const clients: NativeClient[] = [];
  afterEach(async () => {
    for (const { child } of clients.splice(0)) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
    }
  });

  function connect(url: string, options: HealthyWebSocketOptions = {}): NativeClient {
    const client = new NativeClient(processes.bundle(), url, {
      backoff: { initialMs: 50, maxMs: 100 },
      ...options,
    });
    clients.push(client);
    return client;
  }

  it('sends and receives text and bytes, answers a server of ours for long, and lets the process exit', async () => {
    const server = await processes.server({ heartbeat: { intervalMs: 300, timeoutMs: 290, maxMissed: 3 } });
    const echo = await serve(({ socket }) => {
      socket.send(serverPing(10_000, 1));
      socket.on('message', (data: Buffer, isBinary) => socket.send(data, { binary: isBinary }));
    });
    const [ours, echoing] = [connect(server.url), connect(echo.url)];
    await until(
      'both are open',
      () => [ours, echoing].every((client) => client.of('open').length === 1),
      10_000,
    );
    await sleep(2_000);
    const { events, open } = await server.report();
    expect(open).toBe(1);
    // Longer than the server would have waited for answers.
    expect(events.filter(({ type }) => type === 'closed')).toEqual([]);
    expect(echo.got).toContain('{"type":"client_pong","ts":1}');
    expect(echoing.of('message').map(({ data }) => data)).toEqual(
      expect.arrayContaining(['text', [1, 2, 3]]),
    );
    for (const client of [ours, echoing]) {
      const exited = once(client.child, 'exit');
      client.child.stdin!.end();
      expect(await exited).toEqual([0, null]);
      expect(client.events.filter(({ type }) => type !== 'message')).toEqual([
        { type: 'open' },
        { type: 'close', code: 4321, reason: 'done', wasClean: true, willReconnect: false },
        { type: 'end', reason: 'closed' },
      ]);
    }
  }, 60_000);

  it('leaves a server that is gone, tells it 4001 and never 1000, and comes back', async () => {
    const server = await processes.server({ heartbeat: { intervalMs: 300, timeoutMs: 290, maxMissed: 20 } });
    const client = connect(server.url, { graceMs: 300, connectTimeoutMs: 500 });
    await server.until('it is heard of', ({ open }) => open === 1);
    await sleep(700);
    server.process.child.kill('SIGSTOP');
    await until('it has been left', () => client.of('close').length > 0);
    expect(client.of('close')[0]).toEqual({
      type: 'close',
      code: 1006,
      reason: 'dead_server',
      wasClean: false,
      willReconnect: true,
    });
    server.process.child.kill('SIGCONT');
    const isBack = (): boolean => client.of('open').length > 1;
    await until('it is back', isBack, 10_000);
    const { events } = await server.until(
      'the server has heard of it',
      (report) => report.events.some(({ type }) => type === 'closed') && report.open === 1,
    );
    const codes = events.filter(({ type }) => type === 'closed').map(({ code }) => code);
    expect(codes[0]).toBe(4001);
    expect(codes).not.toContain(1000);
    expect(events.find(({ type }) => type === 'resumed')).toMatchObject({ reason: 'dead_server' });
  }, 60_000);
});
