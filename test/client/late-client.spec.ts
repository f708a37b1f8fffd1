import { describe, expect, it } from '@jest/globals';

import { sleep, until } from '../support/wait.js';
import { serverPing } from './support/ours.js';
import { useServers, type ServedConnection } from './support/plain.server.js';
import { useProcesses, type ClientReport } from './support/processes.js';

const QUESTION = '{"type":"client_ping"';

/** Says once how often it is heard of, and then speaks only when it is asked. */
function speakWhenAsked(asked: () => void = () => undefined): (connection: ServedConnection) => void {
  return ({ socket }) => {
    socket.send(serverPing(300));
    socket.on('message', (data: Buffer) => {
      const text = String(data);
      if (!text.startsWith(QUESTION)) return;
      asked();
      socket.send(text.replace('client_ping', 'server_pong'));
    });
  };
}

describe('a client that did not run', () => {
  const processes = useProcesses();
  const serve = useServers();

  it('because it was suspended for longer than everything, does not leave a server that lives', async () => {
    // Both sides: the server's own limit is five heartbeats.
    const heartbeat = { intervalMs: 600, timeoutMs: 500, maxMissed: 5 };
    const server = await processes.server({ heartbeat });
    const client = processes.client({ url: server.url, options: { graceMs: 100 } });
    await client.receive('open');
    await sleep(1_300);
    for (const ms of [1_000, 2_500]) {
      await client.freeze(ms);
      await sleep(1_300);
    }
    expect(await client.ask<ClientReport>('report', 'report')).toMatchObject({
      story: ['open'],
      readyState: 1,
    });
    const { events, open } = await server.report();
    expect(open).toBe(1);
    expect(events.filter(({ type }) => type === 'closed')).toEqual([]);
  }, 60_000);

  it.each([700, 1_500, 3_000])(
    'because it was suspended for %p ms in the moment it had asked, still reads the answer',
    async (frozenMs) => {
      let isFrozen = false;
      const server = await serve(
        speakWhenAsked(() => {
          if (isFrozen) return;
          isFrozen = true;
          // The answer is sent while the client stands still, and waits in its kernel.
          void client.freeze(frozenMs);
        }),
      );
      const client = processes.client({ url: server.url, options: { graceMs: 500 } });
      await until('it has asked and was stopped', () => isFrozen);
      await sleep(frozenMs + 1_500);
      expect(await client.ask<ClientReport>('report', 'report')).toMatchObject({
        story: ['open'],
        readyState: 1,
      });
      expect(server.connections).toHaveLength(1);
    },
    30_000,
  );

  // The first ends a little after the wait for the answer: no timer is late enough to be noticed by that alone.
  it.each([600, 1_200, 2_500])(
    'because its event loop was blocked for %p ms right after it had asked, still reads the answer',
    async (blockAfterAskingMs) => {
      const server = await serve(speakWhenAsked());
      const client = processes.client({ url: server.url, options: { graceMs: 500 }, blockAfterAskingMs });
      await client.receive('blocked');
      await sleep(1_500);
      expect(await client.ask<ClientReport>('report', 'report')).toMatchObject({
        story: ['open'],
        readyState: 1,
      });
      expect(server.connections).toHaveLength(1);
    },
    30_000,
  );

  it('because its event loop was blocked during the handshake, still takes the connection', async () => {
    const server = await serve();
    const client = processes.client({
      url: server.url,
      options: { connectTimeoutMs: 200 },
      blockAtStartMs: 1_500,
    });
    await client.receive('open');
    await sleep(300);
    expect(await client.ask<ClientReport>('report', 'report')).toMatchObject({ story: ['open'] });
    expect(server.connections).toHaveLength(1);
  }, 60_000);

  it('for longer than two more looks, leaves in the end a server that says nothing', async () => {
    const server = await serve(({ socket }) => socket.send(serverPing(200)));
    const client = processes.client({ url: server.url, options: { graceMs: 200 } });
    await client.receive('open');
    const openedAt = performance.now();
    for (let stop = 0; stop < 4; stop++) {
      await client.freeze(1_500);
      await sleep(50);
    }
    expect(await client.receive('close')).toBe('dead_server');
    expect(performance.now() - openedAt).toBeGreaterThan(2 * 1_500);
  }, 60_000);
});
