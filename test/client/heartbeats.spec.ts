import { describe, expect, it } from '@jest/globals';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';

import { useApps } from '../support/apps.js';
import { sleep, until } from '../support/wait.js';
import { useClients } from './support/clients.js';
import { serverPing, speakOurs } from './support/ours.js';
import { useServers } from './support/plain.server.js';

const INTERVAL = 200;

@WebSocketGateway()
class ChatGateway {
  @SubscribeMessage('say')
  say(_client: unknown, data: unknown): unknown {
    return { event: 'said', data };
  }
}

describe('beside a server of ours, the client', () => {
  const startApp = useApps();
  const serve = useServers();
  const connect = useClients();
  const heartbeat = { intervalMs: INTERVAL, timeoutMs: 150 };

  it('answers every heartbeat and stays connected, and the app sees none of it', async () => {
    const { url, eventsOf, service } = await startApp([ChatGateway], { heartbeat });
    const client = connect(url);
    await until('it is open', () => client.isOpen);
    client.socket.send(JSON.stringify({ event: 'say', data: 1 }));
    await sleep(10 * INTERVAL);
    client.socket.send(JSON.stringify({ event: 'say', data: 2 }));
    await until('both are answered', () => client.messages.length === 2);

    expect(client.messages.map((data) => JSON.parse(String(data)) as unknown)).toEqual([
      { event: 'said', data: 1 },
      { event: 'said', data: 2 },
    ]);
    expect(client.story).toEqual(['open', 'message', 'message']);
    expect(eventsOf('closed')).toEqual([]);
    expect(eventsOf('missed')).toEqual([]);
    const [connection] = service.connections();
    expect(connection?.latencyMs).toBeGreaterThanOrEqual(0);
  });

  it('asks when it is told to, and says how long the answer took', async () => {
    const { url, service } = await startApp([ChatGateway], { heartbeat });
    const client = connect(url, { graceMs: 100 });
    await until('it has been asked', () => service.connections()[0]?.latencyMs !== undefined);
    client.socket.check();
    await until('the server has answered a question', () => client.socket.latencyMs !== undefined);
    expect(client.socket.latencyMs).toBeGreaterThanOrEqual(0);
    expect(client.socket.latencyMs).toBeLessThan(1_000);
  });

  it('takes no answer for its own that it has not asked for', async () => {
    const server = await serve(({ socket }) => {
      socket.send(serverPing(10_000));
      for (const ts of [0, 1, Date.now()]) socket.send(JSON.stringify({ type: 'server_pong', ts }));
    });
    const client = connect(server.url);
    await until('it has answered', () => server.got.length === 1);
    await sleep(50);
    expect(client.socket.latencyMs).toBeUndefined();
    expect(client.messages).toEqual([]);
  });

  it('asks no more often than it waits for answers, however often it is told to', async () => {
    const { url, eventsOf, service } = await startApp([ChatGateway], {
      heartbeat: { intervalMs: 1_000, timeoutMs: 900, maxPerInterval: 3 },
    });
    const client = connect(url, { graceMs: 600 });
    await until('it has been asked', () => service.connections()[0]?.latencyMs !== undefined);
    for (let asked = 0; asked < 200; asked++) {
      client.socket.check();
      await sleep(5);
    }
    expect(eventsOf('closed')).toEqual([]);
    expect(client.isOpen).toBe(true);
  });

  it('tells what it says of itself, cut to what the server keeps', async () => {
    const { url, service } = await startApp([ChatGateway], { heartbeat });
    const client = connect(url, { state: () => 'editing'.padEnd(2_000, '!') });
    await until('the server knows', () => service.connections()[0]?.clientState !== undefined);
    expect(service.connections()[0]?.clientState).toBe('editing'.padEnd(32, '!'));
    // As long as it was, the answer would have been no heartbeat and ended in the app.
    await sleep(3 * INTERVAL);
    expect(client.story).toEqual(['open']);
  });

  it('answers even if the app cannot say what it does', async () => {
    const { url, eventsOf } = await startApp([ChatGateway], { heartbeat });
    const client = connect(url, {
      state: () => {
        throw new Error('no state');
      },
    });
    await until('it was asked', () => client.of('error').length >= 3);
    expect(client.of('error')[0]?.error).toMatchObject({ message: 'no state' });
    expect(client.isOpen).toBe(true);
    expect(eventsOf('missed')).toEqual([]);
  });
});

describe('beside a server that is not ours, the client', () => {
  const serve = useServers();
  const connect = useClients();

  it('is an ordinary WebSocket, silent and content, for as long as nothing is known of an interval', async () => {
    const server = await serve();
    const client = connect(server.url, { graceMs: 20 });
    await until('it is open', () => client.isOpen);
    await sleep(500);
    client.socket.check();
    await sleep(100);
    expect(client.story).toEqual(['open']);
    expect(server.got).toEqual([]);
  });

  it('gets from an echo server what it sends, byte for byte and in order', async () => {
    const server = await serve(({ socket }) =>
      socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary })),
    );
    const client = connect(server.url);
    client.socket.binaryType = 'arraybuffer';
    const texts = ['', 'x', '{"type":"chat"}', '{"type":"client_pong","ts":1}', '☃'.repeat(1_000)];
    for (const text of texts) client.socket.send(text);
    client.socket.send(Buffer.from([1, 2, 3]));
    await until('all came back', () => client.messages.length === texts.length + 1);
    expect(client.messages.slice(0, -1)).toEqual(texts);
    expect(Buffer.from(client.messages.at(-1) as ArrayBuffer)).toEqual(Buffer.from([1, 2, 3]));
  });

  it.each([
    '{"type":"server_restart","ts":1}',
    '{"type":"server_ping"}',
    '{"type":"server_ping","ts":1}',
    '{"type":"server_ping","ts":1,"interval":"30000"}',
    '{"type":"server_pong","ts":null}',
    '{"type":"server_drain","reconnectInMs":"soon"}',
    '{"type":"server_',
    '{"type":"server_toString","ts":1}',
    '{"type":"server_x","type":"toString","ts":1}',
    '{"type":"server_x","type":{},"ts":1}',
    '{"type":"server_x","":1,"undefined":1}',
    '{"type":"server_x","type":1}',
    ' {"type":"server_ping","ts":1,"interval":1}',
    '[{"type":"server_ping","ts":1,"interval":1}]',
  ])('takes %s for a message of the app', async (text) => {
    const server = await serve(({ socket }) => socket.send(text));
    const client = connect(server.url, { graceMs: 20 });
    await until('it has arrived', () => client.messages.length > 0);
    await sleep(60);
    expect(client.messages).toEqual([text]);
    expect(server.got).toEqual([]);
  });

  it('hides nothing and answers nothing without a codec, and still knows a silent server by `intervalMs`', async () => {
    const server = await serve(({ socket }) => socket.send(serverPing(50)));
    const client = connect(server.url, { codec: false, intervalMs: 100, graceMs: 50 });
    await until('it has given up a silent server', () => client.of('close').length > 0);
    expect(JSON.parse(String(client.messages[0]))).toMatchObject({ type: 'server_ping' });
    expect(server.got).toEqual([]);
    expect(client.of('close')[0]).toMatchObject({ code: 1006, reason: 'dead_server', willReconnect: true });
  });

  it('asks a server nothing that has never spoken our wire, even if it is told the interval', async () => {
    const server = await serve(({ socket }) => socket.send('hello'));
    const client = connect(server.url, { intervalMs: 100, graceMs: 60 });
    await until('it has given up a silent server', () => client.of('close').length > 0);
    await sleep(200);
    expect(client.messages[0]).toBe('hello');
    expect(server.got).toEqual([]);
  });

  it('stays with a server that is not ours and says something often enough', async () => {
    const server = await serve(({ socket }) => {
      const timer = setInterval(() => socket.send('news'), 100);
      socket.on('close', () => clearInterval(timer));
    });
    const client = connect(server.url, { intervalMs: 100, graceMs: 300 });
    await sleep(1_500);
    expect(client.of('close')).toEqual([]);
    expect(server.got).toEqual([]);
  });

  it('leaves a server that has forgotten our wire once, and then lets it be', async () => {
    let speaks = true;
    const server = await serve((connection) => speaks && speakOurs(50)(connection));
    const client = connect(server.url, { graceMs: 40 });
    await until('it has learned the interval', () => server.got.length > 0);
    speaks = false;
    server.last!.socket.close(1012);
    await until('it is back', () => client.of('open').length === 2);
    await until('it has left', () => client.of('close').length === 2);
    await until('it is back again', () => client.of('open').length === 3);
    await sleep(600);
    expect(client.of('close').map(({ code }) => code)).toEqual([1012, 1006]);
    expect(server.last!.got).toEqual([]);
  });
});
