import { describe, expect, it } from '@jest/globals';

import { sleep, until } from '../support/wait.js';
import { useClients } from './support/clients.js';
import { useServers } from './support/plain.server.js';

describe('a url that is asked for', () => {
  const serve = useServers();
  const connect = useClients();

  it.each([
    ['a function', (url: string) => url],
    ['a function that gives a URL', (url: string) => new URL(url)],
    ['an async function', async (url: string) => url],
    ['a function that takes its time', (url: string) => sleep(50).then(() => url)],
  ])('by %s is asked for each attempt, for a fresh token', async (_name, give) => {
    const server = await serve(({ socket }) => server.connections.length < 3 && socket.terminate());
    let tokens = 0;
    const client = connect(() => give(`${server.url}/?token=${++tokens}`));
    expect(client.socket.url).toBe('');
    await until('it is open for the third time', () => server.connections.length === 3 && client.isOpen);
    expect(server.connections.map(({ request }) => request.url)).toEqual([
      '/?token=1',
      '/?token=2',
      '/?token=3',
    ]);
    expect(client.socket.url).toBe(`${server.url}/?token=3`);
  });

  it.each([
    [
      'throws',
      () => {
        throw new Error('no token');
      },
    ],
    ['rejects', async () => Promise.reject(new Error('no token'))],
  ])('of a function that %s is asked for again after a pause', async (_name, fail) => {
    const server = await serve();
    let asked = 0;
    const client = connect(() => (++asked < 3 ? fail() : server.url));
    await until('it is open', () => client.isOpen);
    expect(client.story).toEqual(['error', 'close', 'error', 'close', 'open']);
    expect(client.of('error')[0]!.error).toMatchObject({ message: 'no token' });
    expect(client.of('close')[0]).toMatchObject({ code: 1006, wasClean: false, willReconnect: true });
  });

  it('that cannot be used is told at once, and asked for again', async () => {
    const server = await serve();
    let asked = 0;
    const client = connect(() => (++asked < 2 ? 'no url' : server.url), { connectTimeoutMs: 5_000 });
    await until('it is open', () => client.isOpen, 4_500);
    expect(client.story).toEqual(['error', 'close', 'open']);
    expect(client.of('error')[0]!.error).toMatchObject({ name: 'SyntaxError' });
  });

  it('and never comes is given up like a handshake', async () => {
    const server = await serve();
    let asked = 0;
    const client = connect(() => (++asked < 3 ? new Promise<string>(() => undefined) : server.url), {
      connectTimeoutMs: 60,
    });
    await until('it is open', () => client.isOpen);
    expect(client.of('close').map(({ reason }) => reason)).toEqual(['connect_timeout', 'connect_timeout']);
    expect(server.connections).toHaveLength(1);
  });

  it('and comes too late never makes a second socket', async () => {
    const server = await serve();
    const answers: ((url: string) => void)[] = [];
    const client = connect(() => new Promise<string>((resolve) => answers.push(resolve)), {
      connectTimeoutMs: 60,
    });
    await until('it has asked twice', () => answers.length === 2);
    answers[0]!(`${server.url}/late`);
    await sleep(20);
    expect(server.connections).toEqual([]);
    answers[1]!(`${server.url}/in-time`);
    await until('it is open', () => client.isOpen);
    answers[0]!(`${server.url}/late`);
    await sleep(100);
    expect(server.connections.map(({ request }) => request.url)).toEqual(['/in-time']);
  });

  it('and fails too late is not told', async () => {
    const server = await serve();
    const failures: ((error: Error) => void)[] = [];
    const client = connect(
      () =>
        failures.length > 0 ? server.url : new Promise<string>((_resolve, reject) => failures.push(reject)),
      { connectTimeoutMs: 60 },
    );
    await until('it is open', () => client.isOpen);
    failures[0]!(new Error('late'));
    await sleep(20);
    expect(client.story).toEqual(['close', 'open']);
  });

  it('and comes after close() makes no socket at all', async () => {
    const server = await serve();
    const answers: ((url: string) => void)[] = [];
    const client = connect(() => new Promise<string>((resolve) => answers.push(resolve)));
    await sleep(20);
    client.socket.close();
    answers[0]!(server.url);
    await until('it has ended', () => client.of('end').length > 0);
    await sleep(50);
    expect(server.connections).toEqual([]);
    expect(client.story).toEqual(['close', 'end']);
    expect(client.of('close')[0]).toMatchObject({ code: 1005, wasClean: true, willReconnect: false });
  });

  it('may end the client instead', async () => {
    const server = await serve(({ socket }) => socket.terminate());
    const client = connect(() => {
      if (server.connections.length > 0) client.socket.close();
      return server.url;
    });
    await until('it has ended', () => client.of('end').length > 0);
    await sleep(50);
    expect(server.connections).toHaveLength(1);
    expect(client.of('end')).toHaveLength(1);
  });
});
