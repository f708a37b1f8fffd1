import { describe, expect, it } from '@jest/globals';
import { WebSocketGateway } from '@nestjs/websockets';
import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';

import { useApps } from '../support/apps.js';
import { TestClient } from '../support/client.js';
import { until } from '../support/wait.js';

@WebSocketGateway()
class FailingGateway {
  readonly clients: WebSocket[] = [];
  handleConnection(client: WebSocket): void {
    this.clients.push(client);
  }
}

function rawOf(socket: WebSocket): Socket {
  return (socket as unknown as { _socket: Socket })._socket;
}

describe('a socket that fails', () => {
  const startApp = useApps();

  it('is told by the code of the system, though ws says 1006 of all of them', async () => {
    const { app, url, eventsOf } = await startApp([FailingGateway], { drain: false });
    const client = await TestClient.connect(url);
    const [socket] = app.get(FailingGateway).clients;
    const writing = setInterval(() => socket!.send('a message to nobody'), 1);
    rawOf(client.socket).resetAndDestroy();
    await until('it is closed', () => eventsOf('closed').length === 1);
    clearInterval(writing);
    const [failed] = eventsOf('socket_failed');
    expect(['ECONNRESET', 'EPIPE']).toContain(failed!.errorCode);
    expect(eventsOf('closed')[0]).toMatchObject({
      reason: 'error',
      code: 1006,
      evidence: { errorCode: failed!.errorCode, receivedCode: 1006 },
    });
    expect(failed!.connection.id).toBe(eventsOf('closed')[0]!.connection.id);
  });

  it('is told by EPIPE where a write found the other end shut', async () => {
    const { app, url, eventsOf } = await startApp([FailingGateway], { drain: false });
    const client = await TestClient.connect(url);
    const [socket] = app.get(FailingGateway).clients;
    // What the kernel answers a write to after a reset has been read.
    rawOf(socket!).destroy(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }));
    await until('it is closed', () => eventsOf('closed').length === 1);
    expect(eventsOf('socket_failed')).toMatchObject([{ errorCode: 'EPIPE' }]);
    await until('the client knows', () => client.closed !== undefined);
  });

  it('gives no more names than there are codes, whatever the error says', async () => {
    const { app, url, eventsOf } = await startApp([FailingGateway], { drain: false });
    const codes = ['lower case\n', 4711, undefined, 'X'.repeat(1000), 'ETIMEDOUT'];
    for (const [index, code] of codes.entries()) {
      await TestClient.connect(url);
      const socket = app.get(FailingGateway).clients[index];
      rawOf(socket!).destroy(Object.assign(new Error('odd'), { code }));
    }
    await until('all are closed', () => eventsOf('closed').length === codes.length);
    expect(new Set(eventsOf('socket_failed').map(({ errorCode }) => errorCode))).toEqual(
      new Set(['OTHER', 'ETIMEDOUT']),
    );
  });

  it('is not told where it ended in order', async () => {
    const { url, eventsOf } = await startApp([FailingGateway], { drain: false });
    const [polite, abrupt] = await Promise.all([TestClient.connect(url), TestClient.connect(url)]);
    polite.socket.close(1000);
    abrupt.socket.terminate();
    await until('both are closed', () => eventsOf('closed').length === 2);
    expect(eventsOf('socket_failed')).toEqual([]);
    expect(eventsOf('closed').map(({ evidence }) => evidence.errorCode)).toEqual([undefined, undefined]);
  });
});
