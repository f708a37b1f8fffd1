import { describe, expect, it } from '@jest/globals';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import type { HeartbeatCodec } from 'nestjs-connection-health';
import type { ClientCodec, HealthyWebSocketOptions } from 'nestjs-connection-health/client';

import { useApps } from '../support/apps.js';
import { sleep, until } from '../support/wait.js';
import { useClients } from './support/clients.js';

/** Frames of 17 bytes: a kind, and two numbers. */
const KINDS = ['server_ping', 'server_pong', 'server_drain', 'client_pong', 'client_ping', 'client_resume'];

function frame(kind: string, first: number, second = 0): Uint8Array {
  const view = new DataView(new ArrayBuffer(17));
  view.setUint8(0, KINDS.indexOf(kind));
  view.setFloat64(1, first);
  view.setFloat64(9, second);
  return new Uint8Array(view.buffer);
}

function parse(bytes: Uint8Array): { kind: string | undefined; first: number; second: number } | undefined {
  if (bytes.byteLength !== 17) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, 17);
  return { kind: KINDS[view.getUint8(0)], first: view.getFloat64(1), second: view.getFloat64(9) };
}

/** The server's side of a wire that is nobody's but this test's. */
const serverCodec: HeartbeatCodec = {
  name: 'bytes',
  recognise(data, isBinary) {
    const { kind, first, second } = (isBinary && parse(data)) || {};
    if (kind === 'client_pong') return { kind: 'answer', ts: first! };
    if (kind === 'client_ping') return { kind: 'ask', ts: first! };
    if (kind === 'client_resume')
      return { kind: 'resume', reason: 'by bytes', offlineMs: first!, attempts: second! };
    return undefined;
  },
  encode(message) {
    if (message.type === 'server_ping') return frame(message.type, message.ts, message.interval);
    return frame(message.type, message.type === 'server_pong' ? message.ts : message.reconnectInMs);
  },
};

/** And the client's. */
const clientCodec: ClientCodec = {
  read(data) {
    const bytes = data instanceof ArrayBuffer ? new Uint8Array(data) : data;
    const { kind, first: ts = 0, second = 0 } = (bytes instanceof Uint8Array && parse(bytes)) || {};
    if (kind === 'server_ping') return { type: kind, ts, interval: second };
    if (kind === 'server_pong') return { type: kind, ts };
    return kind === 'server_drain' ? { type: kind, reconnectInMs: ts } : undefined;
  },
  write(message) {
    return message.type === 'client_resume'
      ? frame(message.type, message.offlineMs!, message.attempts)
      : frame(message.type, message.ts);
  },
};

@WebSocketGateway()
class ChatGateway {
  @SubscribeMessage('say')
  say(_client: unknown, data: unknown): unknown {
    return { event: 'said', data };
  }
}

describe('with a codec of its own on both sides, over binary frames', () => {
  const startApp = useApps();
  const connect = useClients();
  const heartbeat = { intervalMs: 200, timeoutMs: 150, codec: serverCodec };
  const options: HealthyWebSocketOptions = { codec: clientCodec, graceMs: 100 };

  it.each(['nodebuffer', 'arraybuffer'])(
    'a client that gets %s answers, asks, and hides it from the app',
    async (type) => {
      const { url, eventsOf, service } = await startApp([ChatGateway], { heartbeat });
      const client = connect(url, options);
      client.socket.binaryType = type as 'arraybuffer';
      await until('it has been asked', () => service.connections()[0]?.latencyMs !== undefined);
      client.socket.check();
      await until('it has been answered', () => client.socket.latencyMs !== undefined);
      client.socket.send('{"event":"say","data":1}');
      await sleep(1_000);
      expect(client.messages).toEqual(['{"event":"said","data":1}']);
      expect(client.story).toEqual(['open', 'message']);
      expect(eventsOf('missed')).toEqual([]);
      expect(service.connections()).toHaveLength(1);
    },
  );

  it('a client is told when to come back, and tells why it was away', async () => {
    const { url, eventsOf, service } = await startApp([ChatGateway], {
      heartbeat,
      drain: { spreadMs: 0, reconnectSpreadMs: 5_000 },
    });
    const client = connect(url, { ...options, reconnect: () => 'now' });
    await until('it has been asked', () => service.connections()[0]?.latencyMs !== undefined);
    await service.disconnect({ id: service.connections()[0]!.id });
    await until('it has told', () => eventsOf('resumed').length === 1);
    expect(eventsOf('resumed')[0]).toMatchObject({ reason: 'by bytes', attempts: 1 });

    const others = Array.from({ length: 4 }, () => connect(url, options));
    await until('all are open', () => [client, ...others].every(({ isOpen }) => isOpen));
    await service.drain();
    await until('all were closed', () => others.every((other) => other.of('close').length === 1));
    const closes = others.map((other) => other.of('close')[0]!);
    for (const close of closes) expect(close).toMatchObject({ code: 1012, willReconnect: true });
    // Backoff would be 20 ms at most.
    expect(Math.max(...closes.map(({ retryInMs }) => retryInMs!))).toBeGreaterThan(40);
  });
});
