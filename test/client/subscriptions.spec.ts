import { describe, expect, it } from '@jest/globals';

import { sleep, until } from '../support/wait.js';
import { useClients, type RecordedClient } from './support/clients.js';
import { useServers, type PlainServer } from './support/plain.server.js';

/** Breaks the connection and waits for what comes on the next one. */
async function reconnect(server: PlainServer, client: RecordedClient): Promise<void> {
  const { length } = server.connections;
  server.last!.socket.terminate();
  await until('it is back', () => server.connections.length === length + 1 && client.isOpen);
  client.socket.send('mark');
  await until('all has come', () => server.last!.got.includes('mark'));
}

describe('a subscription', () => {
  const serve = useServers();
  const connect = useClients();

  it('is sent once on each connection, all in the order of the calls, before what waited', async () => {
    const server = await serve();
    const client = connect(server.url);
    client.socket.send('queued');
    client.socket.subscribe('b', 'B');
    client.socket.subscribe('a', 'A');
    await until('all has come', () => server.last?.got.length === 3);
    client.socket.subscribe(7, new Uint8Array([7]));
    client.socket.send('live');
    await until('all has come', () => server.last!.got.length === 5);
    expect(server.last!.got).toEqual(['B', 'A', 'queued', Buffer.from([7]), 'live']);
    for (let round = 0; round < 3; round++) {
      await reconnect(server, client);
      expect(server.last!.got).toEqual(['B', 'A', Buffer.from([7]), 'mark']);
    }
  });

  it('with the key of another takes its place, at the end', async () => {
    const server = await serve();
    const client = connect(server.url);
    const key = {};
    client.socket.subscribe(key, 'old');
    client.socket.subscribe('other', 'other');
    await until('both have come', () => server.last?.got.length === 2);
    client.socket.subscribe(key, 'new');
    await until('it has come', () => server.last!.got.length === 3);
    expect(server.last!.got).toEqual(['old', 'other', 'new']);
    await reconnect(server, client);
    expect(server.last!.got).toEqual(['other', 'new', 'mark']);
  });

  it('that was made while away is sent once, when it is back', async () => {
    const server = await serve();
    const client = connect(server.url);
    await until('it is open', () => client.isOpen);
    client.socket.addEventListener('close', () => client.socket.subscribe('late', 'late'), { once: true });
    await reconnect(server, client);
    expect(server.last!.got).toEqual(['late', 'mark']);
  });

  it('that was given up is not sent again, and giving up an old one leaves the new one', async () => {
    const server = await serve();
    const client = connect(server.url);
    const forgetOld = client.socket.subscribe('news', 'same');
    client.socket.subscribe('news', 'same');
    const forget = client.socket.subscribe('other', 'other');
    forgetOld();
    forget();
    forget();
    await until('it has come', () => server.last?.got.length === 1);
    await reconnect(server, client);
    expect(server.last!.got).toEqual(['same', 'mark']);
  });

  it('that is a function is asked on each connection', async () => {
    const server = await serve();
    let asked = 0;
    const client = connect(server.url);
    client.socket.subscribe('since', () => `since ${++asked}`);
    await until('it has come', () => server.last?.got.length === 1);
    await reconnect(server, client);
    expect(server.connections.map(({ got }) => got[0])).toEqual(['since 1', 'since 2']);
    expect(asked).toBe(2);
  });

  it('whose function throws is told, and the others and the queue go on', async () => {
    const server = await serve();
    const client = connect(server.url);
    client.socket.subscribe('broken', () => {
      throw new Error('no message');
    });
    client.socket.subscribe('fine', 'fine');
    client.socket.send('queued');
    await until('all has come', () => server.last?.got.length === 2);
    expect(server.last!.got).toEqual(['fine', 'queued']);
    expect(client.story).toEqual(['error', 'open']);
    expect(client.of('error')[0]!.error).toMatchObject({ message: 'no message' });
    await reconnect(server, client);
    expect(server.last!.got).toEqual(['fine', 'mark']);
  });

  it('whose function subscribes and sends keeps the order, and sends nothing twice', async () => {
    const server = await serve();
    const client = connect(server.url);
    client.socket.send('queued');
    client.socket.subscribe('first', () => {
      client.socket.send('sent while subscribing');
      client.socket.subscribe('nested', 'nested');
      return 'first';
    });
    client.socket.subscribe('second', 'second');
    await until('all has come', () => server.last?.got.length === 5);
    await sleep(30);
    expect(server.last!.got).toEqual(['first', 'second', 'nested', 'queued', 'sent while subscribing']);
  });

  it('whose function ends the client is the last thing that happens', async () => {
    const server = await serve();
    const client = connect(server.url);
    client.socket.subscribe('last', () => {
      client.socket.close();
      return 'never';
    });
    let isAsked = false;
    client.socket.subscribe('next', () => {
      isAsked = true;
      return 'next';
    });
    client.socket.send('queued');
    await until('it has ended', () => client.of('end').length > 0);
    expect(client.story).toEqual(['close', 'drop', 'end']);
    expect(server.got).toEqual([]);
    expect(isAsked).toBe(false);
    expect(client.of('drop').map(({ data, reason }) => [data, reason])).toEqual([['queued', 'ended']]);
  });
});
