import { afterEach, describe, expect, it } from '@jest/globals';
import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { FaultRelay, stallLoop } from 'nestjs-connection-health/testing';
import type { Server } from 'socket.io';
import { WebSocket } from 'ws';

import { MemoryLogger } from '../support/app.js';
import { TestProcess } from '../support/process.js';
import { sleep, until } from '../support/wait.js';
import { useIoApps } from './support/io.app.js';
import { useIoClients } from './support/io.client.js';

const COUNT = 40;
/** The clients wait for 4 s for the next ping; Engine.IO waits for 1 s for an answer. */
const ENGINE = { pingInterval: 3_000, pingTimeout: 1_000 };
const OURS = { intervalMs: 1_000, timeoutMs: 700 };
const STALL = 1_400;

interface Report {
  active: number;
  closed: string[];
  ghosts: string[];
}

describe.each(['stalls right after it has asked', 'is stopped and continued'])('a server that %s', (what) => {
  const processes: TestProcess[] = [];
  const relays: FaultRelay[] = [];
  afterEach(async () => {
    await Promise.all(processes.splice(0).map((each) => each.end()));
    await Promise.all(relays.splice(0).map((each) => each.stop()));
  });

  const run = async (mode: string): Promise<{ report: Report; disconnects: string[] }> => {
    const options = { heartbeat: OURS, socketIo: { mode }, logging: { level: 'off' } };
    const server = TestProcess.start(
      'socket-io/support/server.mjs',
      JSON.stringify(options),
      JSON.stringify(ENGINE),
    );
    processes.push(server);
    const url = await server.receive<string>('url');
    // A network that takes its time: the answers are on their way when the stall begins.
    const relay = await FaultRelay.start({ port: Number(new URL(url).port), delayMs: 60 });
    relays.push(relay);
    const crowd = TestProcess.start(
      'socket-io/support/crowd.mjs',
      relay.url.replace(/^ws/, 'http'),
      String(COUNT),
    );
    processes.push(crowd);
    await crowd.receive('ready');
    for (let times = mode === 'govern' ? 2 : 1; times > 0; times--) {
      if (what.startsWith('stalls')) {
        await server.ask({ stall: STALL }, 'stalled');
      } else {
        await server.ask('stop', 'stopping');
        await sleep(STALL);
        server.child.kill('SIGCONT');
      }
      // Clients that have just waited for a ping need one before they can wait again.
      await sleep(ENGINE.pingInterval);
    }
    const report = await server.ask<Report>('report', 'report');
    return { report, disconnects: await crowd.ask<string[]>('report', 'report') };
  };

  it('loses its healthy clients where Engine.IO judges, and none where we do', async () => {
    const [observed, governed] = await Promise.all([run('observe'), run('govern')]);
    expect(governed).toEqual({ report: { active: COUNT, closed: [], ghosts: [] }, disconnects: [] });
    // Not ours to prevent: it is what the mode is for.
    const timeouts = observed.report.closed.filter((reason) => reason === 'timeout');
    expect(timeouts.length).toBeGreaterThan(0);
    // Their answers waited to be read: nobody is called silent for that.
    expect(observed.report.ghosts).toEqual(['unknown']);
  }, 40_000);
});

describe('a healthy upload that is slow', () => {
  const connect = useIoClients();
  const relays: FaultRelay[] = [];
  afterEach(async () => {
    for (const relay of relays.splice(0)) await relay.stop();
  });
  const start = useIoApps();

  const INTERVAL = 800;
  /** Five intervals long. */
  const [BYTES, SPEED] = [800_000, 200_000];

  @WebSocketGateway({ pingInterval: INTERVAL, pingTimeout: 500, maxHttpBufferSize: 4e6 })
  class UploadGateway {
    readonly received: number[] = [];

    @SubscribeMessage('upload')
    upload(@MessageBody() data: { byteLength: number }): void {
      this.received.push(data.byteLength);
    }
  }

  const run = async (mode: 'observe' | 'govern', transport: string): Promise<object> => {
    const options = { heartbeat: { intervalMs: INTERVAL, timeoutMs: 500 }, socketIo: { mode } };
    const { app, url, eventsOf } = await start([UploadGateway], options);
    const relay = await FaultRelay.start({ port: Number(new URL(url).port), toServerBytesPerSecond: SPEED });
    relays.push(relay);
    const client = await connect(relay.url, { transports: [transport], reconnection: false });
    client.socket.emit('upload', new Uint8Array(BYTES));
    const { received } = app.get(UploadGateway);
    await until('it has come or was cut', () => received.length + eventsOf('closed').length > 0, 15_000);
    return { mode, transport, received, ends: eventsOf('closed').map(({ reason }) => reason) };
  };

  it('is cut by Engine.IO, and arrives whole where we judge, on both transports', async () => {
    const ways = [run('observe', 'websocket'), run('govern', 'websocket'), run('govern', 'polling')];
    expect(await Promise.all(ways)).toEqual([
      { mode: 'observe', transport: 'websocket', received: [], ends: ['timeout'] },
      { mode: 'govern', transport: 'websocket', received: [BYTES], ends: [] },
      { mode: 'govern', transport: 'polling', received: [BYTES], ends: [] },
    ]);
  });
});

describe('a stall longer than the clients have patience for, counted from the next ping', () => {
  let crowd: TestProcess | undefined;
  afterEach(() => crowd?.end());
  const start = useIoApps();

  @WebSocketGateway({ pingInterval: 1_000, pingTimeout: 600 })
  class ChatGateway {}

  it('is not added to the interval: whoever is due is asked as soon as it is over', async () => {
    const { url } = await start([ChatGateway], {
      heartbeat: { intervalMs: 1_000, timeoutMs: 300 },
      socketIo: { mode: 'govern' },
    });
    crowd = TestProcess.start('socket-io/support/crowd.mjs', url.replace(/^ws/, 'http'), String(COUNT));
    await crowd.receive('ready');
    await sleep(1_100);
    await stallLoop({ ms: 1_000, phase: 'check' });
    await sleep(800);
    // Lost are those that had waited for 0.6 of a second before; with a whole interval on top it would be all.
    const lost = await crowd.ask<string[]>('report', 'report');
    expect(lost.length).toBeLessThan(COUNT * 0.75);
  });
});

describe('a dead client of a server that stalls again and again', () => {
  const sockets: WebSocket[] = [];
  afterEach(() => sockets.splice(0).forEach((socket) => socket.terminate()));
  const start = useIoApps();

  @WebSocketGateway({ pingInterval: 1_000, pingTimeout: 700 })
  class ChatGateway {}

  it('is found by its heartbeat', async () => {
    const { url, service, eventsOf } = await start([ChatGateway], {
      heartbeat: { intervalMs: 1_000, timeoutMs: 700 },
      sweep: false,
      socketIo: { mode: 'govern' },
    });
    const socket = new WebSocket(`${url}/socket.io/?EIO=4&transport=websocket`);
    sockets.push(socket);
    socket.on('open', () => socket.send('40'));
    await until('it is there', () => service.connections().length === 1);
    let pings = 0;
    socket.on('message', (data: Buffer) => (pings += data.toString() === '2' ? 1 : 0));
    // An interval, and two timeouts since the first question was interrupted, in pieces of a quarter of a second.
    for (let rounds = 0; rounds < 20 && eventsOf('missed').length === 0; rounds++) {
      await stallLoop({ ms: 300, phase: 'check' });
      await sleep(250);
    }
    // `ws` answers protocol pings, as a proxy does; Engine.IO's nobody answers.
    expect(eventsOf('missed')).toMatchObject([{ ghost: 'proxy_answered' }]);
    expect(pings).toBeLessThan(12);
  });
});

describe('the mode govern', () => {
  const connect = useIoClients();
  const start = useIoApps();

  @WebSocketGateway({ pingInterval: 300, pingTimeout: 200 })
  class ChatGateway {}

  it('never asks less often than the clients were told, and says so at boot', async () => {
    const logger = new MemoryLogger();
    const options = { heartbeat: { intervalMs: 5_000 }, socketIo: { mode: 'govern' } } as const;
    const { service, url, eventsOf } = await start([ChatGateway], options, { logger });
    expect(logger.textOf('warn')).toContain(
      'ChatGateway: heartbeat.intervalMs is 5000, but its clients were told to expect a ping every 300 ms (pingInterval) and leave without one: they are asked that often',
    );
    const client = await connect(url);
    let pings = 0;
    client.socket.io.on('ping', () => pings++);
    await until('it is asked again and again', () => pings >= 4);
    expect(client.disconnects).toEqual([]);
    expect(eventsOf('missed')).toEqual([]);
    expect(service.connections()).toMatchObject([{ missed: 0, state: 'open' }]);
  });

  it('says nothing of an interval that nobody has given', async () => {
    const logger = new MemoryLogger();
    await start([ChatGateway], { socketIo: { mode: 'govern' } }, { logger });
    expect(logger.textOf('warn')).not.toContain('heartbeat.intervalMs');
    expect(logger.textOf('log')).toContain('heartbeat every 300 ms, timeout 200 ms, enforce always');
  });

  it('needs heartbeats: without, Engine.IO goes on alone, and boot says so', async () => {
    const logger = new MemoryLogger();
    const { url, eventsOf, service } = await start(
      [ChatGateway],
      { heartbeat: false, socketIo: { mode: 'govern' } },
      { logger },
    );
    expect(logger.textOf('warn')).toContain(
      'ChatGateway: socketIo.mode "govern" needs heartbeats, but heartbeat is false: Engine.IO judges alone',
    );
    await connect(url);
    await until('its answers are measured', () => service.connections()[0]?.latencyMs !== undefined);
    expect(eventsOf('closed')).toEqual([]);
  });

  it('observes an engine whose sockets have another shape, and says so', async () => {
    const logger = new MemoryLogger();
    const other = await start([ChatGateway]);
    let conn: object | undefined;
    serverOf(other.app.get(ChatGateway)).engine.on('connection', (socket: object) => (conn = socket));
    await connect(other.url, { transports: ['websocket'] });
    const all = Object.getPrototypeOf(conn) as { resetPingTimeout?: unknown };
    const { resetPingTimeout } = all;
    const options = { socketIo: { mode: 'govern' } } as const;
    const { url, service, eventsOf } = await start([ChatGateway], options, { logger });
    Reflect.deleteProperty(all, 'resetPingTimeout');
    try {
      await connect(url, { transports: ['websocket'] });
    } finally {
      all.resetPingTimeout = resetPingTimeout;
    }
    expect(logger.textOf('warn')).toContain(
      'ChatGateway: socketIo.mode "govern" cannot be kept, since its sockets have no resetPingTimeout(): Engine.IO judges alone',
    );
    await until('Engine.IO asks', () => service.connections()[0]?.latencyMs !== undefined);
    expect(eventsOf('closed')).toEqual([]);
  });
});

/** The server that a gateway was given. */
function serverOf(gateway: object): Server {
  return (gateway as Record<string, Server>)['nestjs-connection-health:server']!;
}
