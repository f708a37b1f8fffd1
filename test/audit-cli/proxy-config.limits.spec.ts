import { afterEach, describe, expect, it } from '@jest/globals';
import { WebSocket } from 'ws';

import type { RunningProxy } from '../proxy-lab/lab.js';
import { sleep, until } from '../support/wait.js';
import { PRINTED, usePrinted } from './proxies.js';
import { type Arrival, meet, RecordingBackend } from './recording.backend.js';

const INTERVAL_MS = 1_000;
/** What is printed for that interval. */
const LIMIT_MS = 3_000;
/** What a loaded machine may add. */
const SLACK_MS = 2_000;

/** One connection through each of the printed proxies. */
interface Line {
  readonly name: string;
  readonly proxy: RunningProxy;
  readonly here: Arrival;
  readonly there: Arrival;
}

const start = usePrinted();
const backends: RecordingBackend[] = [];
let heartbeats: NodeJS.Timeout | undefined;

afterEach(async () => {
  clearInterval(heartbeats);
  await Promise.all(backends.splice(0).map((backend) => backend.close()));
});

/** The backend's side sends a protocol ping on every line, as the gateway does with each heartbeat. */
function beat(lines: readonly Line[]): void {
  heartbeats = setInterval(() => {
    for (const { there } of lines) if (there.closed === undefined) there.socket.ping();
  }, INTERVAL_MS);
}

function linesThroughAll(): Promise<Line[]> {
  return Promise.all(
    PRINTED.map(async (row): Promise<Line> => {
      const backend = new RecordingBackend();
      backends.push(backend);
      const options = ['--interval', String(INTERVAL_MS)];
      const proxy = await start(row, { upstreamPort: await backend.listen(), options });
      const ends = await meet(backend, new WebSocket(proxy.url('/ws')));
      return { name: row[0], proxy, ...ends };
    }),
  );
}

function namesOf(lines: readonly Line[]): string[] {
  return lines.map(({ name }) => name);
}

function isCut({ here, there }: Line): boolean {
  return here.closed !== undefined && there.closed !== undefined;
}

const all = PRINTED.map(([name]) => name);

describe('the limits of the printed configurations', () => {
  it('keep a connection as long as heartbeats flow, and cut it when they stop', async () => {
    const lines = await linesThroughAll();
    beat(lines);
    await sleep(LIMIT_MS + SLACK_MS);
    expect(namesOf(lines.filter(({ here, there }) => !here.closed && !there.closed))).toEqual(all);
    clearInterval(heartbeats);
    const stoppedAt = performance.now();
    await until('all are cut', () => lines.every(isCut), LIMIT_MS + SLACK_MS).catch(() => undefined);
    expect(namesOf(lines.filter(isCut))).toEqual(all);
    for (const { name, here, there } of lines) {
      expect([name, here.closed!.code, there.closed!.code]).toEqual([name, 1006, 1006]);
      // The last heartbeat was at most one interval before they were stopped.
      expect(there.closed!.at - stoppedAt).toBeGreaterThan(LIMIT_MS - INTERVAL_MS - 100);
    }
  }, 40_000);

  it('end old connections after a reload within the limit, though heartbeats flow; new ones are served', async () => {
    const lines = await linesThroughAll();
    beat(lines);
    await Promise.all(lines.map(({ proxy }) => proxy.reload()));
    // Apache has no such limit, and its configuration says so.
    const limited = lines.filter(({ name }) => name !== 'apache');
    await until('old ones end', () => limited.every(isCut), LIMIT_MS + SLACK_MS).catch(() => undefined);
    expect(namesOf(lines.filter(isCut))).toEqual(namesOf(limited));
    for (const { proxy } of lines) {
      const late = new WebSocket(proxy.url('/ws'));
      await until('a new connection is served', () => late.readyState === WebSocket.OPEN);
      late.terminate();
    }
  }, 40_000);

  it('end old connections of Apache when it is stopped gracefully', async () => {
    const backend = new RecordingBackend();
    backends.push(backend);
    const row = PRINTED.find(([name]) => name === 'apache')!;
    const options = ['--interval', String(INTERVAL_MS)];
    const proxy = await start(row, { upstreamPort: await backend.listen(), options });
    const ends = await meet(backend, new WebSocket(proxy.url('/ws')));
    beat([{ name: 'apache', proxy, ...ends }]);
    process.kill(proxy.pid, 'SIGWINCH');
    // The limit, and what Apache then takes to end its processes: 12.4 s were measured for 3 s.
    await until('the old connection has ended', () => ends.there.closed !== undefined, 25_000);
    expect(ends.there.closed).toMatchObject({ code: 1006 });
  }, 40_000);
});

describe('the limits of the printed bridge in Lua', () => {
  const row = PRINTED.find(([name]) => name === 'openresty')!;

  async function line(interval: string): Promise<Line> {
    const backend = new RecordingBackend();
    backends.push(backend);
    const proxy = await start(row, {
      upstreamPort: await backend.listen(),
      options: ['--interval', interval],
    });
    return { name: 'openresty', proxy, ...(await meet(backend, new WebSocket(proxy.url('/ws')))) };
  }

  it('end a connection whose client is silent, though the backend goes on asking it', async () => {
    const through = await line(`${INTERVAL_MS}ms`);
    through.here.socket.pause();
    beat([through]);
    const { there } = through;
    await until('the backend is rid of it', () => there.closed !== undefined, LIMIT_MS + SLACK_MS);
    expect(there.closed!.code).toBe(1006);
    through.here.socket.terminate();
  }, 60_000);

  it('end a connection whose client takes nothing any more, however much waits for it', async () => {
    const { here, there } = await line(`${INTERVAL_MS}ms`);
    here.socket.pause();
    // It still says that it is there: only what is sent to it gets stuck.
    const speaking = setInterval(() => here.socket.ping(), INTERVAL_MS);
    const frame = Buffer.alloc(64 * 1024);
    heartbeats = setInterval(() => {
      while (there.closed === undefined && there.socket.bufferedAmount < 1 << 20) there.socket.send(frame);
    }, 50);
    try {
      await until('the backend is rid of it', () => there.closed !== undefined, LIMIT_MS + 2 * SLACK_MS);
    } finally {
      clearInterval(speaking);
    }
    expect(there.closed!.code).toBe(1006);
    here.socket.resume();
    await until('the client hears of it', () => here.closed !== undefined);
  }, 60_000);

  it('wait five seconds for the answer to a close frame, and no longer', async () => {
    const { here, there } = await line('30s');
    there.socket.pause();
    here.socket.close(4001, 'bye');
    await until('the client is let go', () => here.closed !== undefined, 5_000 + SLACK_MS);
    expect(here.closed!.code).toBe(1006);
    there.socket.resume();
    await until('the backend has heard it', () => there.closed !== undefined);
    expect(there.closed).toMatchObject({ code: 4001, reason: 'bye' });
  }, 60_000);
});
