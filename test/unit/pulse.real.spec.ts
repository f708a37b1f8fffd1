import { once } from 'node:events';
import { stat } from 'node:fs';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

import { afterEach, describe, expect, it } from '@jest/globals';

import { AwakeClock } from '../../lib/clock/awake.clock.js';
import { SystemClock } from '../../lib/clock/clock.js';
import { Pulse } from '../../lib/clock/pulse.js';
import { until } from '../support/wait.js';

const TICK = 20;
const STALL = 300;
const PEERS = 20;

/** Blocks the event loop. */
function stall(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

describe('Pulse on the event loop of Node', () => {
  const cleanups: (() => unknown)[] = [];
  afterEach(() => {
    for (const undo of cleanups.splice(0).toReversed()) undo();
  });

  /** Pairs of sockets, and the order in which ticks and what was written came about. */
  async function setUp() {
    const story: string[] = [];
    const server = createServer((socket) => {
      cleanups.push(() => socket.destroy());
      socket.on('data', () => story.push('data'));
    }).listen(0, '127.0.0.1');
    cleanups.push(() => server.close());
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const peers = await Promise.all(
      Array.from({ length: PEERS }, async (): Promise<Socket> => {
        const peer = connect(port, '127.0.0.1');
        cleanups.push(() => peer.destroy());
        await once(peer, 'connect');
        return peer;
      }),
    );
    await until('all are accepted', () => cleanups.length === 1 + 2 * PEERS);
    const clock = new SystemClock();
    const awake = new AwakeClock(clock, 2 * TICK);
    const pulse = new Pulse({ clock, awake, tick: () => story.push('tick'), credited: () => undefined });
    cleanups.push(() => pulse.end());
    pulse.start(TICK);
    return { story, peers };
  }

  // The kernel has what the peers wrote when the stall begins, and the timer of the pulse is due when it ends.
  it.each([
    ['an I/O callback', (run: () => void) => stat('.', run)],
    ['the check phase', (run: () => void) => void setImmediate(run)],
  ])('reads what waited in the kernel before it ticks, after a stall in %s', async (_name, later) => {
    const { story, peers } = await setUp();
    await until('it ticks', () => story.includes('tick'));
    later(() => {
      for (const peer of peers) peer.write('alive');
      stall(STALL);
      story.length = 0;
    });
    await until('all is read', () => story.filter((each) => each === 'data').length === PEERS);
    await until('it ticks again', () => story.includes('tick'));
    expect(story.slice(0, PEERS)).toEqual(Array.from({ length: PEERS }, () => 'data'));
  });
});
