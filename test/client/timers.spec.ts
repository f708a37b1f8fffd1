import { describe, expect, it } from '@jest/globals';

import { useClients } from './support/clients.js';
import { fakeSockets } from './support/fake.socket.js';
import { useFakeTime } from './support/fake.time.js';

describe('the timers of a client', () => {
  const time = useFakeTime();
  const connect = useClients();

  it('are one at most, and hold a process only on the way to a connection', async () => {
    const { WebSocket, sockets } = fakeSockets();
    const urls: ((url: string) => void)[] = [];
    const client = connect(() => new Promise((resolve) => urls.push(resolve)), { WebSocket });
    const seen: Record<string, [pending: number, holding: number]> = {};
    const note = (when: string): void => void (seen[when] = [time().pending, time().holding]);

    note('asking for a url');
    urls[0]!('ws://server');
    for (let turn = 0; turn < 3; turn++) await Promise.resolve();
    note('connecting: the socket holds');
    sockets[0]!.open();
    note('connected to anybody');
    sockets[0]!.receive({ type: 'server_ping', ts: 1, interval: 1_000 });
    note('connected to a server of ours');
    time().advance(6_000);
    note('waiting for an answer');
    sockets[0]!.end();
    note('on the way back');
    client.socket.close();
    note('closed while away');

    const other = connect('ws://server', { WebSocket });
    sockets.at(-1)!.open();
    other.socket.close();
    note('closing');
    sockets.at(-1)!.end();
    note('closed');
    expect(seen).toEqual({
      'asking for a url': [1, 1],
      'connecting: the socket holds': [1, 0],
      'connected to anybody': [0, 0],
      'connected to a server of ours': [1, 0],
      'waiting for an answer': [1, 0],
      'on the way back': [1, 1],
      'closed while away': [0, 0],
      closing: [1, 0],
      closed: [0, 0],
    });
  });
});
