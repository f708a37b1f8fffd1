import type { IncomingMessage } from 'node:http';

import { describe, expect, it } from '@jest/globals';
import { WebSocketGateway, type OnGatewayConnection } from '@nestjs/websockets';
import type { ConnectionHealthModuleOptions, ConnectionSnapshot } from 'nestjs-connection-health';

import { useApps } from '../support/apps.js';
import { TestClient, type ClientBehaviour } from '../support/client.js';
import { sleep, until } from '../support/wait.js';

@WebSocketGateway()
class WhoGateway implements OnGatewayConnection {
  readonly clients: object[] = [];
  handleConnection(client: object): void {
    this.clients.push(client);
  }
}

function userOf(request: IncomingMessage | undefined): string | null {
  return new URL(request!.url!, 'http://host').searchParams.get('user');
}

async function later(request: IncomingMessage | undefined): Promise<number | undefined> {
  await sleep(30);
  return userOf(request) === 'ada' ? 4711 : undefined;
}

describe('identify', () => {
  const start = useApps();

  it('knows at once, in time for the opened event', async () => {
    const running = await start([WhoGateway], { identify: (_client, request) => userOf(request) });
    await TestClient.connect(`${running.url}/?user=ada`);
    await TestClient.connect(running.url);
    expect(running.eventsOf('opened').map(({ connection }) => connection.identity)).toEqual([
      'ada',
      undefined,
    ]);
    expect(running.eventsOf('identified')).toEqual([]);
    expect(running.service.connections({ identity: 'ada' })).toHaveLength(1);
  });

  it.each<[string, ConnectionHealthModuleOptions['identify']]>([
    ['', (_client, request) => later(request)],
    // As the queries of several database libraries are.
    [
      ', also from what is only like a promise',
      // oxlint-disable-next-line unicorn/no-thenable -- that is what is tested
      (_client, request) => ({ then: (...args: [never]) => void later(request).then(...args) }),
    ],
  ])('knows later, and that is an event%s', async (_name, identify) => {
    const running = await start([WhoGateway], { identify });
    await TestClient.connect(`${running.url}/?user=ada`);
    await until('it is known', () => running.eventsOf('identified').length === 1);
    expect(running.eventsOf('opened')[0]!.connection.identity).toBeUndefined();
    expect(running.eventsOf('identified')).toMatchObject([{ connection: { identity: '4711' } }]);
    expect(running.service.connections({ identity: '4711' })).toHaveLength(1);
  });

  it.each<[string, ConnectionHealthModuleOptions['identify'], string]>([
    ['throws', () => JSON.parse('no json') as unknown, 'JSON'],
    ['rejects', () => Promise.reject(new Error('no database')), 'no database'],
    ['returns an object', () => ({ id: 1 }), 'expected a text or a number, got object'],
    ['resolves with an object', () => Promise.resolve([1]), 'expected a text or a number, got object'],
  ])('that %s leaves the connection without a name, and is told', async (_name, identify, error) => {
    const running = await start([WhoGateway], { identify });
    const client = await TestClient.connect(running.url);
    await until('it is told', () => running.eventsOf('user_code_failed').length > 0);
    expect(running.eventsOf('user_code_failed')).toMatchObject([
      { what: 'identify', error: expect.stringContaining(error) },
    ]);
    expect(client.isOpen).toBe(true);
    expect(running.service.connections()).toHaveLength(1);
    expect(running.service.connections()[0]!.identity).toBeUndefined();
  });

  it('by hand says it, changes it and takes it back; one identity may have many connections', async () => {
    const { app, url, service, eventsOf } = await start([WhoGateway]);
    const sockets = [await TestClient.connect(url), await TestClient.connect(url)];
    const [one, two] = app.get(WhoGateway).clients as [object, object];
    expect([service.identify(one, 'ada'), service.identify(two, 'ada')]).toEqual([true, true]);
    expect(service.connections({ identity: 'ada' })).toHaveLength(2);
    service.identify(one, 'bob');
    expect(service.connections({ identity: 'ada' }).map(({ id }) => id)).toEqual([service.get(two)!.id]);
    service.identify(one, undefined);
    expect(service.connections({ identity: 'bob' })).toEqual([]);
    expect(service.get(one)!.identity).toBeUndefined();
    expect(eventsOf('identified').map(({ connection }) => connection.identity)).toEqual([
      ...['ada', 'ada', 'bob', undefined],
    ]);
    expect(service.identify({}, 'ada')).toBe(false);
    expect(() => service.identify(one, { name: 'ada' } as never)).toThrow(
      /identify\(\): identity: expected a text, a number or undefined, got an object with the keys name/,
    );
    sockets[0]!.socket.close();
    await until('it is gone', () => eventsOf('closed').length === 1);
    expect(service.identify(one, 'ada')).toBe(false);
  });

  it.each([
    ['control characters', 'a\u001b[31m\r\nb'],
    ['more than 256 characters', 'x'.repeat(300)],
  ])('keeps what has %s fit to be logged, and finds it by what was given', async (_name, identity) => {
    const { app, url, service } = await start([WhoGateway]);
    const clients = [await TestClient.connect(url), await TestClient.connect(url)];
    const [one, two] = app.get(WhoGateway).clients as [object, object];
    service.identify(one, identity);
    service.identify(two, `${identity}2`);
    const told = service.get(one)!.identity!;
    expect(told.length).toBeLessThan(300);
    expect(told).toMatch(/^[\x20-\x7e…]+$/);
    expect(service.connections({ identity })).toHaveLength(1);
    await expect(service.disconnect({ identity })).resolves.toBe(1);
    await until('it is closed', () => clients[0]!.closed !== undefined);
    expect(clients[1]!.isOpen).toBe(true);
  });
});

describe('who is at the other end', () => {
  const start = useApps();
  type Seen = Pick<ConnectionSnapshot, 'address' | 'userAgent' | 'path'>;

  async function seen(
    options: ConnectionHealthModuleOptions,
    behaviour: ClientBehaviour,
    path = '',
  ): Promise<Seen> {
    const running = await start([WhoGateway], options);
    await TestClient.connect(`${running.url}${path}`, behaviour);
    const [{ address, userAgent, path: told }] = running.service.connections() as [ConnectionSnapshot];
    return { address, userAgent, path: told };
  }

  const headers = { 'x-forwarded-for': '198.51.100.7, 203.0.113.9' };
  it.each([
    [false, '127.0.0.1'],
    [true, '198.51.100.7'],
    [1, '203.0.113.9'],
    ['loopback', '203.0.113.9'],
    [['loopback', '203.0.113.0/24'], '198.51.100.7'],
    ['10.0.0.0/8', '127.0.0.1'],
    [(address: string) => address === '127.0.0.1', '203.0.113.9'],
  ])('is read through the proxies of trustProxy: %p', async (trustProxy, address) => {
    await expect(seen({ trustProxy }, { headers })).resolves.toMatchObject({ address });
  });

  it('is the proxy itself where the header holds no address', async () => {
    const forged = { 'x-forwarded-for': 'evil\u0009text' };
    await expect(seen({ trustProxy: true }, { headers: forged })).resolves.toMatchObject({
      address: '127.0.0.1',
    });
  });

  it('is told without a query string, and with a user agent that can be logged', async () => {
    const userAgent = `Mozilla\u0009\u0080\u009b31m${'x'.repeat(5_000)}`;
    const told = await seen({}, { headers: { 'user-agent': userAgent } }, '/?token=secret');
    expect(told.path).toBe('/');
    expect(told.userAgent).toMatch(/^Mozilla\\u0009\\u0080\\u009b31mx+…$/);
    expect(told.userAgent!.length).toBeLessThan(300);
  });
});
