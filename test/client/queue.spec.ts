import { describe, expect, it } from '@jest/globals';
import type { QueueSettings } from 'nestjs-connection-health/client';

import { sleep, until } from '../support/wait.js';
import { useClients } from './support/clients.js';
import { useServers } from './support/plain.server.js';

describe('what is sent while there is no connection', () => {
  const serve = useServers();
  const connect = useClients();

  it('is delivered once, in order, when there is one, whatever it is made of', async () => {
    const server = await serve();
    const client = connect(server.url);
    const buffer = Buffer.from([1, 2]);
    client.socket.send('text');
    client.socket.send(buffer);
    client.socket.send(new Uint8Array([3, 4]).buffer);
    client.socket.send(new Blob(['blob']));
    client.socket.send(5 as never);
    client.socket.send({} as never);
    buffer.fill(9);
    await until('all has come', () => server.got.length === 6);
    await sleep(30);
    expect(server.got).toEqual([
      'text',
      Buffer.from([1, 2]),
      Buffer.from([3, 4]),
      Buffer.from('blob'),
      '5',
      '[object Object]',
    ]);
    expect(client.socket.bufferedAmount).toBe(0);
  });

  it('waits through any number of failed attempts', async () => {
    const server = await serve();
    const { port, url } = server;
    const client = connect(url);
    await until('it is open', () => client.isOpen);
    await server.stop();
    await until('it is away', () => client.of('close').length > 0);
    for (let number = 0; number < 100; number++) client.socket.send(`${number}`);
    await until('attempts have failed', () => client.of('close').length > 3);
    const second = await serve(undefined, { port });
    await until('all has come', () => second.got.length === 100);
    expect(second.got).toEqual(Array.from({ length: 100 }, (_, number) => `${number}`));
    expect(client.of('drop')).toEqual([]);
  });

  it.each<[Partial<QueueSettings>, string[], string[]]>([
    [{ maxMessages: 2 }, ['3', '4'], ['0', '1', '2']],
    [{ maxMessages: 2, drop: 'newest' }, ['0', '1'], ['2', '3', '4']],
    [{ maxBytes: 3 }, ['2', '3', '4'], ['0', '1']],
    [{ maxBytes: 3, drop: 'newest' }, ['0', '1', '2'], ['3', '4']],
    [{ maxMessages: 0 }, [], ['0', '1', '2', '3', '4']],
  ])('is bounded by %j, and each message without room is told', async (queue, kept, gone) => {
    const server = await serve();
    const client = connect(server.url, { queue });
    for (let number = 0; number < 5; number++) client.socket.send(`${number}`);
    expect(client.of('drop').map(({ data, reason }) => [data, reason])).toEqual(
      gone.map((data) => [data, 'queue_full']),
    );
    await until('it is open', () => client.isOpen);
    client.socket.send('mark');
    await until('all has come', () => server.got.includes('mark'));
    expect(server.got).toEqual([...kept, 'mark']);
  });

  it('is told when the client ends without having sent it, and so is what is sent after that', async () => {
    const client = connect('ws://127.0.0.1:1', { backoff: { initialMs: 1e6, maxMs: 1e6 } });
    client.socket.send('one');
    client.socket.send('two');
    client.socket.close();
    client.socket.send('closing');
    await until('it has ended', () => client.of('end').length > 0);
    client.socket.send('closed');
    expect(client.of('drop').map(({ data, reason }) => [data, reason])).toEqual([
      ['closing', 'ended'],
      ['one', 'ended'],
      ['two', 'ended'],
      ['closed', 'ended'],
    ]);
    expect(client.story.filter((type) => type !== 'error')).toEqual([
      'drop',
      'close',
      'drop',
      'drop',
      'end',
      'drop',
    ]);
  });

  it('waits, too, while the server is closing the connection', async () => {
    const server = await serve();
    const client = connect(server.url);
    await until('it is open', () => client.isOpen);
    let sentIn = -1;
    // The close frame is there and the close event is not: nothing sent now would arrive.
    server.last!.socket.close(1012);
    while (client.isOpen) {
      client.socket.send(`${++sentIn}`);
      await new Promise(setImmediate);
    }
    await until('it is back', () => client.of('open').length === 2);
    client.socket.send('mark');
    await until('all has come', () => server.last!.got.includes('mark'));
    const numbers = server.got.filter((data) => data !== 'mark').map(Number);
    expect(new Set(numbers).size).toBe(numbers.length);
  });
});
