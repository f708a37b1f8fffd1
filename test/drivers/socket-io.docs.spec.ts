import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterEach, describe, expect, it } from '@jest/globals';
import { WebSocketGateway, WebSocketServer } from '@nestjs/websockets';
import type { CloseReason } from 'nestjs-connection-health';
import { CLOSE_REASONS } from 'nestjs-connection-health';
import type { Server, Socket } from 'socket.io';

import type { TestApp } from '../support/app.js';
import { until, untilSilent } from '../support/wait.js';
import { useIoApps } from '../socket-io/support/io.app.js';
import { useIoClients, type IoClient } from '../socket-io/support/io.client.js';
import { typeErrorsOf } from './support/typed.samples.js';

const PAGE = readFileSync('docs/socket-io.md', 'utf8');
const QUIET = { intervalMs: 20_000, timeoutMs: 13_000 };
const BRISK = { intervalMs: 300, timeoutMs: 200 };

@WebSocketGateway({
  pingInterval: 20_000,
  pingTimeout: 30_000,
  connectTimeout: 300,
  connectionStateRecovery: { maxDisconnectionDuration: 60_000 },
})
class PageGateway {
  @WebSocketServer() readonly server!: Server;
  readonly clients: Socket[] = [];

  handleConnection(client: Socket): void {
    this.clients.push(client);
    // A session is found again by the last broadcast.
    this.server.emit('news', 'somebody has come');
  }
}

/** The cells of the rows of the table under a heading that begins with `first`, without their marks. */
function rowsOf(heading: string, first: string): string[][] {
  const section = PAGE.split(`\n## ${heading}\n`)[1]!.split('\n## ')[0]!;
  const table = section.slice(section.indexOf(`| ${first} |`)).split('\n\n')[0]!;
  const rows = table.split('\n').filter((line) => line.startsWith('|'));
  return rows.slice(2).map((row) =>
    row
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.replaceAll('`', '').trim()),
  );
}

/** The TCP connection of a client on a WebSocket. */
function tcpOf({ socket }: IoClient): { pause(): void; resume(): void; destroy(): void } {
  const { transport } = socket.io.engine as unknown as { transport: { ws: { _socket: never } } };
  return transport.ws._socket;
}

/** Those that a test has stopped reading. */
const paused: { destroy(): void }[] = [];

function pause(client: IoClient): void {
  const tcp = tcpOf(client);
  tcp.pause();
  paused.push(tcp);
}

/** What a test does so that a client is closed for a reason, and with which tempo. */
const CLOSES: Record<string, (running: TestApp, client: IoClient) => Promise<void>> = {
  timeout: async ({ eventsOf, service }, client) => {
    pause(client);
    await until('it is missed', () => eventsOf('missed').length === 1);
    expect(service.connections({ state: 'open' })).toEqual([]);
    tcpOf(client).resume();
  },
  stale_sweep: async ({ service }) => {
    await untilSilent(service, 150);
    await service.sweep({ staleAfterMs: 100 });
  },
  backpressure: async ({ app, service }, client) => {
    pause(client);
    // More than the kernels take in advance.
    for (let count = 0; count < 20; count++) app.get(PageGateway).server.emit('much', 'x'.repeat(1_000_000));
    await until('it is closed', () => service.connections({ state: 'open' }).length === 0);
    tcpOf(client).resume();
  },
  shutdown: async ({ service }) => void (await service.drain()),
  evicted: async ({ service }) => {
    await service.disconnect({ id: service.connections()[0]!.id });
  },
  abuse: async (_running, { socket }) => {
    const engine = socket.io.engine as unknown as { _sendPacket(type: string): void };
    for (let count = 0; count < 30; count++) engine._sendPacket('pong');
  },
};

/** What is done to a client that is ended without us. */
const ENDS: Record<string, (running: TestApp, client: IoClient) => unknown> = {
  'the client calls disconnect()': (_running, { socket }) => socket.disconnect(),
  'the app calls client.disconnect(true)': ({ app }) => app.get(PageGateway).clients[0]!.disconnect(true),
  'the client joins no namespace in connectTimeout': async ({ app }, { socket }) => {
    const { engine } = app.get(PageGateway).server as unknown as { engine: { clientsCount: number } };
    socket.disconnect();
    await until('it has left', () => engine.clientsCount === 0);
    const { Socket: EngineClient } = await import('engine.io-client');
    const address = `http://127.0.0.1:${(app.getHttpServer().address() as { port: number }).port}`;
    const bare = new EngineClient(address, { path: '/socket.io/', transports: ['websocket'] });
    await new Promise((resolve) => bare.on('close', resolve));
  },
  'the TCP connection ends without a goodbye': (_running, client) => tcpOf(client).destroy(),
  'the client sends what is no packet': (_running, { socket }) => {
    const { transport } = socket.io.engine as unknown as { transport: { ws: { send(text: string): void } } };
    transport.ws.send('9');
  },
  'no pong in pingTimeout (observe)': (_running, client) => pause(client),
};

describe('docs/socket-io.md', () => {
  // They would not hear of the end of their server.
  afterEach(() => paused.splice(0).forEach((tcp) => tcp.destroy()));
  const connect = useIoClients();
  const start = useIoApps();

  it('has samples that compile', () => {
    const { blocks, errors } = typeErrorsOf('docs/socket-io.md');
    expect(errors).toEqual([]);
    expect(blocks).toBeGreaterThan(3);
  }, 60_000);

  it('links only to what is there', () => {
    const slugs = [...PAGE.matchAll(/^#+ (.*)$/gm)].map(([, title]) =>
      title!.toLowerCase().replaceAll(' ', '-'),
    );
    const links = [...PAGE.matchAll(/\]\(([^)]+)\)/g)].map(([, link]) => link!);
    expect(links.length).toBeGreaterThan(3);
    const isThere = (link: string): boolean =>
      link.startsWith('#') ? slugs.includes(link.slice(1)) : existsSync(join('docs', link));
    expect(links.filter((link) => !isThere(link))).toEqual([]);
  });

  const reasons = rowsOf('Close reasons', 'reason');
  it('has a row for each reason for which we close', () => {
    const sent = Object.keys(CLOSE_REASONS).filter((name) => !['clean', 'error'].includes(name));
    expect(reasons.map(([reason]) => reason).sort()).toEqual(sent.sort());
  });

  it.each(reasons)('says what becomes of a client that is closed as %s', async (...row) => {
    const [reason, code, told, comesBack, session] = row as [CloseReason, string, string, string, string];
    const running = await start([PageGateway], {
      socketIo: { mode: 'govern' },
      heartbeat: ['timeout', 'backpressure'].includes(reason) ? BRISK : QUIET,
      massTimeout: false,
      // Long enough for one that is not to be destroyed before it reads the goodbye.
      sweep: { closeTimeoutMs: 3_000 },
      ...(reason === 'backpressure'
        ? {
            backpressure: { maxBufferedBytes: 1_000, maxAgeMs: 100, action: 'close' },
            heartbeat: { ...BRISK, maxMissed: 50 },
          }
        : {}),
      drain: { readinessDelayMs: 0, spreadMs: 50, timeoutMs: 600 },
    });
    const client = await connect(running.url, { transports: ['websocket'], reconnectionDelay: 300 });
    let frame: number | undefined;
    client.socket.on('disconnect', (_reason, details) => {
      frame = (details as { context?: { code?: number } } | undefined)?.context?.code;
    });
    await until('it has heard a broadcast', () => client.heard.length > 0);
    await CLOSES[reason]!(running, client);

    await until('it is told', () => client.disconnects.length === 1, 10_000);
    expect(client.disconnects).toEqual([told]);
    await until('it is closed', () => running.eventsOf('closed').length === 1);
    expect(running.eventsOf('closed')).toMatchObject([{ reason, code: Number(code) }]);
    expect(frame).toBe(told === 'transport close' ? Number(code) : undefined);
    expect(client.socket.active).toBe(comesBack === 'yes');
    if (session !== 'recovered') return;
    await until('it is back', () => client.socket.connected, 10_000);
    expect(client.socket.recovered).toBe(true);
    expect(running.service.connections({ state: 'open' })).toMatchObject([{ recovered: true }]);
  });

  it.each(rowsOf('Close reasons', 'what happens'))(
    'says how it is told that %s',
    async (what, word, reason) => {
      const observe = reason === 'timeout';
      const running = await start([observe ? HurriedGateway : PageGateway], {
        socketIo: { mode: observe ? 'observe' : 'govern' },
        heartbeat: QUIET,
        sweep: { closeTimeoutMs: 300 },
        drain: { timeoutMs: 300, spreadMs: 0 },
      });
      const words: string[] = [];
      const { server } = running.app.get(observe ? HurriedGateway : PageGateway);
      server.engine.on(
        'connection',
        (socket: { on(event: string, listener: (word: string) => void): void }) =>
          socket.on('close', (each) => words.push(each)),
      );
      const client = await connect(running.url, { transports: ['websocket'], reconnection: false });
      await ENDS[what!]!(running, client);
      const count = what!.includes('no namespace') ? 2 : 1;
      await until('it is closed', () => running.eventsOf('closed').length === count);
      expect(words.at(-1)).toBe(word);
      expect(running.eventsOf('closed').at(-1)).toMatchObject({ reason });
    },
  );

  it('has a code that lets an evicted client come back', async () => {
    expect(PAGE).toContain('with a code of another row, 1012 for example, lets the client come back.');
    const running = await start([PageGateway], { drain: { timeoutMs: 300, spreadMs: 0 } });
    const client = await connect(running.url, { transports: ['websocket'] });
    await running.service.disconnect({ id: running.service.connections()[0]!.id }, { code: 1012 });
    await until('it is told', () => client.disconnects.length === 1);
    expect(client.disconnects).toEqual(['transport close']);
    await until('it is back', () => client.socket.connected);
    expect(running.eventsOf('closed')).toMatchObject([{ reason: 'evicted', code: 1012 }]);
  });

  it('knows which clients are not recovered', async () => {
    const running = await start([SilentGateway], { drain: { timeoutMs: 300, spreadMs: 0 } });
    const client = await connect(running.url, { transports: ['websocket'] });
    await untilSilent(running.service, 150);
    await running.service.sweep({ staleAfterMs: 100 });
    await until('it is told', () => client.disconnects.length === 1);
    await until('it is back', () => client.socket.connected);
    expect(client.socket.recovered).toBe(false);
    expect(running.service.connections({ state: 'open' })).toMatchObject([{ recovered: false }]);
  });

  it('has a way to come back at the time that was asked for', async () => {
    const running = await start([PageGateway], {
      socketIo: { mode: 'govern' },
      drain: { readinessDelayMs: 0, spreadMs: 0, timeoutMs: 300, reconnectSpreadMs: 1_000 },
    });
    const { socket } = await connect(running.url, { transports: ['websocket'] });
    let wantedMs = 0;
    let attempts = 0;
    socket.on('server_drain', ({ reconnectInMs }: { reconnectInMs: number }) => {
      wantedMs = reconnectInMs;
      socket.once('disconnect', () => {
        socket.disconnect();
        setTimeout(() => socket.connect(), reconnectInMs);
      });
    });
    socket.on('connect_error', () => attempts++);
    const since = performance.now();
    await running.service.drain();
    await until('it has tried', () => attempts > 0);
    expect(wantedMs).toBeGreaterThan(300);
    expect(performance.now() - since).toBeGreaterThanOrEqual(wantedMs - 5);
  });
});

/** Sends no broadcast to anybody. */
@WebSocketGateway({ connectionStateRecovery: { maxDisconnectionDuration: 60_000 } })
class SilentGateway {}

@WebSocketGateway({ pingInterval: 300, pingTimeout: 200 })
class HurriedGateway {
  @WebSocketServer() readonly server!: Server;
}
