import { describe, expect, it } from '@jest/globals';

import { sleep, until } from '../support/wait.js';
import { useProxies } from './lab.js';
import { useStages } from './stage.js';

const start = useProxies();
const openStage = useStages();

describe.each(['lua', 'node'] as const)('the %s bridge', (name) => {
  it('passes on what a client says of itself, and makes a key of its own', async () => {
    let key: unknown;
    const stage = await openStage();
    const proxy = await start(name, { backend: stage.backend });
    const headers = { cookie: 'a=1; b=2', authorization: 'Bearer x', 'x-forwarded-for': '203.0.113.7' };
    const origin = 'https://app.example';
    const { client, backend } = await stage.pair(
      proxy,
      '/chat?user=ada&room=1',
      {
        headers,
        origin,
        finishRequest: (request) => {
          key = request.getHeader('sec-websocket-key');
          request.end();
        },
      },
      ['chat', 'other'],
    );

    expect(backend.request).toMatchObject({
      url: '/chat?user=ada&room=1',
      headers: { ...headers, origin, 'x-forwarded-for': '203.0.113.7, 127.0.0.1' },
    });
    expect([client.socket.protocol, backend.socket.protocol]).toEqual(['chat', 'chat']);
    expect(String(key)).toHaveLength(24);
    expect(backend.request?.rawHeaders).not.toContain(key);
  });
  it('keeps the fragments of a message in their order', async () => {
    const stage = await openStage();
    const { client, backend } = await stage.pair(await start(name, { backend: stage.backend }));
    client.socket.send('one, ', { fin: false });
    client.socket.ping();
    await sleep(50);
    client.socket.send('two', { fin: true });

    await backend.gets('one, two');
    expect(backend.messages).toHaveLength(1);
  });

  it('answers pings while a slow reader makes it wait, and loses nothing', async () => {
    const stage = await openStage();
    const { client, backend } = await stage.pair(await start(name, { backend: stage.backend }));
    client.socket.pause();
    for (let number = 0; number < 400; number++) backend.socket.send(Buffer.alloc(60_000, number));
    await sleep(300); // the kernel's room is used up
    for (let number = 0; number < 20; number++) client.socket.ping(String(number));
    await sleep(100);
    client.socket.resume();

    await until(
      'everything has come',
      () => client.messages.length === 400 && client.pongs.length === 20,
      15_000,
    );
    expect(client.messages.every((data, number) => data[0] === number % 256 && data.length === 60_000)).toBe(
      true,
    );
    expect(client.closed).toBeUndefined();
  });
});

describe('lua idle', () => {
  it.each([
    { busy: 'backend', seen: { client: '1006', backend: '1001 client idle' } },
    { busy: 'client', seen: { client: '1001 backend idle', backend: '1006' } },
  ] as const)('gives up when only the $busy says something', async ({ busy, seen }) => {
    const stage = await openStage();
    const proxy = await start('lua', { backend: stage.backend, behaviour: 'idle', idleTimeoutMs: 400 });
    const pair = await stage.pair(proxy);
    const talk = setInterval(() => pair[busy].socket.send('I am here'), 50);
    await Promise.all([pair.client.ends(), pair.backend.ends()]).finally(() => clearInterval(talk));

    expect({ client: pair.client.closed, backend: pair.backend.closed }).toEqual(seen);
  });
});

describe('lua pool', () => {
  it('gives the backend side of a client that left to the next one, without an upgrade', async () => {
    const stage = await openStage();
    const proxy = await start('lua', { backend: stage.backend, behaviour: 'pool' });
    const { client: ada, backend } = await stage.pair(proxy, '/chat?user=ada');
    ada.socket.send('I am ada');
    await backend.gets('I am ada');
    ada.socket.close();
    await ada.ends();
    await sleep(200); // until the bridge has looked up
    const bob = await stage.client(proxy, '/chat?user=bob');
    bob.socket.send('I am bob');
    await backend.gets('I am bob');
    backend.socket.send('welcome');
    await bob.gets('welcome');

    expect(stage.backends).toHaveLength(1);
    expect(backend.request?.url).toBe('/chat?user=ada');
    expect(backend.closed).toBeUndefined();
  });

  it('cannot keep a backend that says something while nobody is there', async () => {
    const stage = await openStage();
    const proxy = await start('lua', { backend: stage.backend, behaviour: 'pool' });
    const { client, backend } = await stage.pair(proxy);
    client.socket.terminate();
    await sleep(200);
    backend.socket.ping();

    expect(await backend.ends()).toBe('1006');
  });
});

describe('the limit for idle connections', () => {
  it.each(['nginx', 'haproxy', 'apache-http'] as const)('is obeyed by %s', async (name) => {
    const stage = await openStage();
    const proxy = await start(name, { backend: stage.backend, idleTimeoutMs: 1_000 });
    const { client, backend } = await stage.pair(proxy);
    const openedAt = performance.now();

    expect([await client.ends(), await backend.ends()]).toEqual(['1006', '1006']);
    expect(performance.now() - openedAt).toBeGreaterThan(900);
  });
});
