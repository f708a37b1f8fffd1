import { once } from 'node:events';

import { describe, expect, it } from '@jest/globals';

import { sleep, until } from '../support/wait.js';
import { useClients, type RecordedClient } from './support/clients.js';
import { serverPing } from './support/ours.js';
import { useServers } from './support/plain.server.js';
import { useProcesses, type ClientReport } from './support/processes.js';

/** Nothing happens any more. */
async function expectSilence(client: RecordedClient): Promise<void> {
  const { length } = client.events;
  client.socket.close();
  client.socket.check();
  await sleep(150);
  expect(client.events).toHaveLength(length);
  expect(client.socket.readyState).toBe(3);
  expect(client.of('end')).toHaveLength(1);
}

describe('close()', () => {
  const serve = useServers();
  const connect = useClients();

  it('of an open connection is a full handshake with the code and reason of the app', async () => {
    const server = await serve();
    const client = connect(server.url);
    await until('it is open', () => client.isOpen);
    client.socket.close(4321, 'bye');
    client.socket.close(1000, 'again');
    expect(client.socket.readyState).toBe(2);
    await until('it has ended', () => client.of('end').length > 0);
    expect(client.story).toEqual(['open', 'close', 'end']);
    expect(client.of('close')[0]).toMatchObject({
      code: 4321,
      reason: 'bye',
      wasClean: true,
      willReconnect: false,
    });
    expect(client.of('end')[0]).toMatchObject({ reason: 'closed' });
    await until('the server knows', () => server.last!.closed !== undefined);
    expect(server.last!.closed).toEqual({ code: 4321, reason: 'bye' });
    await expectSilence(client);
  });

  it('before it is open ends the attempt', async () => {
    const server = await serve();
    const client = connect(server.url);
    client.socket.close();
    expect(client.socket.readyState).toBe(2);
    await until('it has ended', () => client.of('end').length > 0);
    // `ws` tells an error here, as browsers do.
    expect(client.story.filter((type) => type !== 'error')).toEqual(['close', 'end']);
    await expectSilence(client);
    expect(server.open).toEqual([]);
  });

  it('while it is away ends at once, and it never comes back', async () => {
    const server = await serve();
    const client = connect(server.url, { backoff: { initialMs: 1e9, maxMs: 1e9 } });
    await until('it is open', () => client.isOpen);
    server.last!.socket.terminate();
    await until('it is away', () => client.of('close').length === 1);
    client.socket.close(3001, 'enough');
    expect(client.socket.readyState).toBe(2);
    await until('it has ended', () => client.of('end').length > 0);
    expect(client.story).toEqual(['open', 'close', 'close', 'end']);
    expect(client.of('close')[1]).toMatchObject({
      code: 3001,
      reason: 'enough',
      wasClean: true,
      willReconnect: false,
    });
    await expectSilence(client);
    expect(server.connections).toHaveLength(1);
  });

  it.each(['open', 'message', 'close', 'error', 'drop'] as const)(
    'in a handler of `%s` is final',
    async (type) => {
      const server = await serve(({ socket, request }) => {
        socket.send('hello');
        // Reserved bits: an error, and then the end.
        setTimeout(() => request.socket.write(Buffer.from([0xff, 0x00])), 30);
      });
      const client = connect(server.url, { queue: { maxMessages: 0 } });
      client.socket.addEventListener(type, () => client.socket.close(), { once: true });
      client.socket.send('no room');
      if (type === 'drop') client.socket.close();
      await until('it has ended', () => client.of('end').length > 0);
      const opens = client.of('open').length;
      expect(client.story.slice(-2)).toEqual(['close', 'end']);
      expect(client.of('close').at(-1)!.willReconnect).toBe(false);
      await expectSilence(client);
      expect(client.of('open')).toHaveLength(opens);
    },
  );

  it('in the function `reconnect`, or in the error of a failed url, ends once', async () => {
    const server = await serve(({ socket }) => socket.terminate());
    const decided = connect(server.url, {
      reconnect: () => {
        decided.socket.close();
        return 'now';
      },
    });
    const failed = connect(() => Promise.reject(new Error('no url')));
    failed.socket.addEventListener('error', () => failed.socket.close());
    for (const client of [decided, failed]) {
      await until('it has ended', () => client.of('end').length > 0);
      expect(client.of('close')).toHaveLength(1);
      expect(client.of('close')[0]!.willReconnect).toBe(false);
      await expectSilence(client);
    }
  });

  it('is not a question: the function `reconnect` is not asked', async () => {
    const server = await serve();
    let asked = 0;
    const client = connect(server.url, { reconnect: () => (asked++, 'now') });
    await until('it is open', () => client.isOpen);
    client.socket.close();
    await until('it has ended', () => client.of('end').length > 0);
    expect(asked).toBe(0);
  });

  it('takes no message any more, as the standard says', async () => {
    const server = await serve();
    const client = connect(server.url);
    await until('it is open', () => client.isOpen);
    client.socket.close();
    for (let number = 0; number < 10; number++) server.last!.socket.send(`${number}`);
    await until('it has ended', () => client.of('end').length > 0);
    expect(client.messages).toEqual([]);
  });

  it('of a connection to a server that is gone ends after five seconds', async () => {
    const server = await serve(({ socket }) => socket.send(serverPing(100)));
    const client = connect(server.url, { graceMs: 1e6 });
    await until('it has answered', () => server.got.length === 1);
    server.last!.socket.pause();
    const closedAt = performance.now();
    client.socket.close();
    await until('it has ended', () => client.of('end').length > 0);
    expect(performance.now() - closedAt).toBeGreaterThan(4_500);
    expect(client.of('close')[0]).toMatchObject({ code: 1006, wasClean: false, willReconnect: false });
    expect(client.of('end')[0]).toMatchObject({ reason: 'closed' });
  });

  it('with a reason that is too long throws as the standard does, and all is as it was', async () => {
    const server = await serve();
    const client = connect(server.url);
    await until('it is open', () => client.isOpen);
    expect(() => client.socket.close(1000, '☃'.repeat(42))).toThrow(
      expect.objectContaining({ name: 'SyntaxError' }),
    );
    client.socket.send('still here');
    await until('it has come', () => server.got.length === 1);
    client.socket.close(1000, '☃'.repeat(41));
    await until('the server knows', () => server.last!.closed !== undefined);
    expect(server.last!.closed).toEqual({ code: 1000, reason: '☃'.repeat(41) });
  });
});

describe('a process with a client', () => {
  const serve = useServers();
  const processes = useProcesses();

  it('lives as long as the client is open, and exits by itself after close()', async () => {
    const server = await serve(({ socket }) => socket.send(serverPing(10_000)));
    const client = processes.client({ url: server.url });
    await client.receive('open');
    await sleep(300);
    expect(client.child.exitCode).toBeNull();
    const exited = once(client.child, 'exit');
    client.send('close');
    const closedAt = performance.now();
    expect(await exited).toEqual([0, null]);
    expect(performance.now() - closedAt).toBeLessThan(3_000);
  });

  it('exits by itself after close(), although its server says nothing any more', async () => {
    const server = await processes.server({ heartbeat: { intervalMs: 60_000, timeoutMs: 59_000 } });
    const client = processes.client({ url: server.url });
    await client.receive('open');
    await server.until('it is heard of', ({ open }) => open === 1);
    server.process.child.kill('SIGSTOP');
    const exited = once(client.child, 'exit');
    client.send('close');
    const closedAt = performance.now();
    expect(await exited).toEqual([0, null]);
    // `ws` by itself would wait for 30 s.
    expect(performance.now() - closedAt).toBeLessThan(15_000);
  }, 40_000);

  it('lives on while the client is away, and exits by itself after close()', async () => {
    const server = await serve();
    const client = processes.client({
      url: server.url,
      options: { backoff: { initialMs: 1e6, maxMs: 1e6 } },
    });
    await client.receive('open');
    await server.stop();
    await client.receive('close');
    await sleep(300);
    expect(client.child.exitCode).toBeNull();
    const exited = once(client.child, 'exit');
    client.send('close');
    expect(await exited).toEqual([0, null]);
  });

  it('is kept by nothing but the socket and the way back: no other timer of ours holds it', async () => {
    const server = await serve(({ socket }) => socket.send(serverPing(10_000)));
    const client = processes.client({ url: server.url });
    await client.receive('open');
    await sleep(200);
    const { resources } = await client.ask<ClientReport>('report', 'report');
    // Timers that are unref'd are not listed.
    expect(resources.filter((name) => name === 'Timeout')).toEqual([]);
    await server.stop();
    await client.receive('close');
    expect((await client.ask<ClientReport>('report', 'report')).resources).toContain('Timeout');
  });

  it('exits by itself when the client has been told not to come back', async () => {
    const server = await serve(({ socket }) => setTimeout(() => socket.close(1008), 200));
    const client = processes.client({ url: server.url, isAlone: true });
    await client.receive('alone');
    expect(await once(client.child, 'exit')).toEqual([0, null]);
  });
});
