import { describe, expect, it } from '@jest/globals';
import { WebSocketGateway } from '@nestjs/websockets';
import type { WebSocketLike } from 'nestjs-connection-health/client';

import { useApps } from '../support/apps.js';
import { sleep, until } from '../support/wait.js';
import { useClients } from './support/clients.js';
import { appMessages, speakOurs } from './support/ours.js';
import { useServers } from './support/plain.server.js';

@WebSocketGateway()
class QuietGateway {}

/** Sends a login and waits for the answer to it. */
async function logIn(socket: WebSocketLike): Promise<void> {
  socket.send('login');
  const answer = await new Promise<string>((resolve) => {
    const listener = ({ data }: { data: string }): void => {
      if (!data.startsWith('login ')) return;
      socket.removeEventListener('message', listener);
      resolve(data);
    };
    socket.addEventListener('message', listener);
  });
  if (answer !== 'login ok') throw new Error(answer);
}

describe('a login', () => {
  const serve = useServers();
  const connect = useClients();
  const startApp = useApps();

  it('comes before everything of the app on each connection, and what was sent meanwhile after it', async () => {
    const server = await serve(({ socket }) => {
      socket.on(
        'message',
        (data) => String(data) === 'login' && setTimeout(() => socket.send('login ok'), 50),
      );
    });
    const client = connect(server.url, { authenticate: logIn });
    client.socket.send('early');
    client.socket.subscribe('news', 'subscribe news');
    client.socket.addEventListener('open', () =>
      client.socket.send(`sent in open ${client.of('open').length}`),
    );
    await until('it is open', () => client.isOpen);
    expect(client.socket.bufferedAmount).toBeGreaterThan(0);
    client.socket.send('during the login');
    await until('all has come', () => server.last!.got.length === 5);
    client.socket.send('later');
    server.last!.socket.terminate();
    await until('it has logged in again', () => server.connections[1]?.got.length === 3);
    expect(server.connections[0]!.got).toEqual([
      'login',
      'subscribe news',
      'early',
      'sent in open 1',
      'during the login',
    ]);
    // What was handed to a connection that broke may be lost with it: it is not sent twice.
    expect(server.connections[1]!.got.filter((data) => data !== 'later')).toEqual([
      'login',
      'subscribe news',
      'sent in open 2',
    ]);
  });

  it('that is slow does not cost the connection: heartbeats are answered meanwhile', async () => {
    const app = await startApp([QuietGateway], { heartbeat: { intervalMs: 150, timeoutMs: 100 } });
    const client = connect(app.url, { authenticate: () => sleep(1_200) });
    client.socket.send('{"event":"x"}');
    await sleep(1_000);
    expect(client.story).toEqual(['open']);
    expect(client.socket.bufferedAmount).toBe(13);
    expect(app.eventsOf('missed')).toEqual([]);
    await until('it has been sent', () => client.socket.bufferedAmount === 0);
  });

  it('sees the answers of the server, and so does the app', async () => {
    const server = await serve(({ socket }) => socket.once('message', () => socket.send('login ok')));
    const client = connect(server.url, { authenticate: logIn });
    client.socket.send('x');
    await until('it is done', () => server.last?.got.length === 2);
    expect(client.messages).toEqual(['login ok']);
  });

  it.each([
    ['rejects', async () => Promise.reject(new Error('wrong password'))],
    [
      'throws',
      () => {
        throw new Error('wrong password');
      },
    ],
  ])('that %s ends the client: error, close, end, and nothing more', async (_name, authenticate) => {
    const server = await serve();
    const client = connect(server.url, { authenticate });
    client.socket.subscribe('news', 'subscribe news');
    client.socket.send('secret');
    await until('it has ended', () => client.of('end').length > 0);
    await sleep(100);
    expect(client.story).toEqual(['open', 'error', 'close', 'drop', 'end']);
    expect(client.of('error')[0]!.error).toMatchObject({ message: 'wrong password' });
    expect(client.of('close')[0]).toMatchObject({
      code: 3000,
      reason: 'authentication_failed',
      willReconnect: false,
    });
    expect(client.of('drop')[0]).toMatchObject({ data: 'secret', reason: 'ended' });
    expect(client.of('end')[0]).toMatchObject({ reason: 'authentication_failed' });
    expect(server.connections).toHaveLength(1);
    expect(server.got).toEqual([]);
    expect(server.last!.closed).toEqual({ code: 3000, reason: 'authentication_failed' });
  });

  it('is tried again on the next connection when its own was lost', async () => {
    const server = await serve(({ socket }) => {
      socket.on('message', () => {
        if (server.connections.length === 1) socket.terminate();
        else socket.send('login ok');
      });
    });
    const client = connect(server.url, { authenticate: logIn });
    client.socket.send('x');
    await until('it is done', () => server.connections[1]?.got.length === 2);
    expect(server.connections.map(({ got }) => got)).toEqual([['login'], ['login', 'x']]);
    expect(client.of('end')).toEqual([]);
  });

  /** The first connection was lost during its login, and the second one is in its own; neither has an outcome. */
  async function secondLogin() {
    const server = await serve();
    const outcomes: (() => void)[] = [];
    const client = connect(server.url, {
      authenticate: () => new Promise((resolve) => outcomes.push(resolve)),
    });
    await until('the first logs in', () => outcomes.length === 1);
    server.last!.socket.terminate();
    await until('the second logs in', () => outcomes.length === 2);
    return { server, client, outcomes };
  }

  it('of a connection that is gone changes nothing for the one that took its place', async () => {
    const { server, client, outcomes } = await secondLogin();
    outcomes[0]!();
    client.socket.send('queued');
    await sleep(50);
    expect(server.got).toEqual([]);
    outcomes[1]!();
    outcomes[0]!();
    await until('it is sent', () => server.got.length === 1);
    client.socket.send('live');
    await until('so is what comes after', () => server.got.length === 2);
  });

  it('that comes too late to be the first does not take the place of the second', async () => {
    const { server, client, outcomes } = await secondLogin();
    outcomes[1]!();
    await sleep(20);
    outcomes[0]!();
    await sleep(20);
    client.socket.send('live');
    await until('it is sent', () => server.got.length === 1);
    expect(server.connections[1]!.got).toEqual(['live']);
  });

  it('that fails because its connection does, with an error first, has not failed', async () => {
    const server = await serve(({ socket, request }) => {
      // No frame of RFC 6455: reserved bits. The client's socket tells of an error, and then of the end.
      if (server.connections.length === 1) request.socket.write(Buffer.from([0xff, 0x00]));
      else socket.send('login ok');
    });
    const client = connect(server.url, {
      authenticate: (socket) =>
        new Promise<void>((resolve, reject) => {
          socket.addEventListener('error', () => reject(new Error('connection lost')));
          socket.addEventListener('message', () => resolve());
        }),
    });
    client.socket.send('x');
    await until('it is done', () => server.connections[1]?.got.length === 1);
    expect(client.story.slice(0, 3)).toEqual(['open', 'error', 'close']);
    expect(client.of('end')).toEqual([]);
  });

  it('is not begun by a client that was closed in its `open`', async () => {
    const server = await serve();
    let logins = 0;
    const client = connect(server.url, { authenticate: () => void logins++ });
    client.socket.addEventListener('open', () => client.socket.close());
    await until('it has ended', () => client.of('end').length > 0);
    expect(logins).toBe(0);
  });

  it('that ends after close() changes nothing', async () => {
    const server = await serve();
    const outcomes: (() => void)[] = [];
    const authenticate = (): Promise<void> =>
      new Promise((resolve, reject) => outcomes.push(resolve, () => reject(new Error('too late'))));
    for (const outcome of [0, 1]) {
      outcomes.length = 0;
      const client = connect(server.url, { authenticate });
      client.socket.send('x');
      await until('it logs in', () => outcomes.length === 2);
      client.socket.close(1000, 'bye');
      outcomes[outcome]!();
      await until('it has ended', () => client.of('end').length > 0);
      expect(client.story).toEqual(['open', 'close', 'drop', 'end']);
      expect(client.of('end')[0]).toMatchObject({ reason: 'closed' });
    }
    expect(server.got).toEqual([]);
  });

  it('comes after the word of why the client was away', async () => {
    const server = await serve(speakOurs(10_000));
    connect(server.url, { authenticate: (socket) => socket.send('login') });
    await until('it understands the server', () => server.last?.got.length === 2);
    server.last!.socket.terminate();
    await until('it is back', () => (server.connections[1]?.got.length ?? 0) >= 3);
    const [first, second] = server.connections[1]!.got;
    expect(JSON.parse(String(first))).toMatchObject({ type: 'client_resume', reason: 'error', attempts: 1 });
    expect(second).toBe('login');
    expect(appMessages(server.connections[1]!)).toEqual(['login']);
  });
});
