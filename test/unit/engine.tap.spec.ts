import { EventEmitter } from 'node:events';

import { describe, expect, it } from '@jest/globals';

import { misfitOfSocket, takeClock, type EngineSocket } from '../../lib/transport/engine-io.internals.js';
import { EngineTap } from '../../lib/transport/engine.tap.js';
import { sleep, until } from '../support/wait.js';

/** What is looked at of an Engine.IO socket, with a transport that sends when it is told to. */
class FakeEngineSocket extends EventEmitter {
  readonly protocol = 4;
  readyState = 'open';
  readonly request = null;
  readonly transport = Object.assign(new EventEmitter(), { name: 'polling', readyState: 'open' });
  writeBuffer: object[] = [];
  pingIntervalTimer: unknown = null;
  pingTimeoutTimer: unknown = null;
  readonly server = { opts: { pingInterval: 25_000, pingTimeout: 20_000 } };
  scheduled = 0;
  readonly timeouts: number[] = [];

  schedulePing(): void {
    this.scheduled++;
  }

  resetPingTimeout(timeoutMs: number): void {
    this.timeouts.push(timeoutMs);
  }

  get pings(): number {
    return this.writeBuffer.filter((packet) => (packet as { type: string }).type === 'ping').length;
  }

  sendPacket(type: string): void {
    const packet = { type };
    this.emit('packetCreate', packet);
    this.writeBuffer.push(packet);
  }

  flush(): void {
    this.writeBuffer = [];
  }
}

const make = (): { fake: FakeEngineSocket; socket: EngineSocket } => {
  const fake = new FakeEngineSocket();
  return { fake, socket: fake as unknown as EngineSocket };
};

/** Notes what a tap reports. */
function observed(): { fake: FakeEngineSocket; tap: EngineTap; told: string[] } {
  const { fake, socket } = make();
  const told: string[] = [];
  const note =
    (word: string) =>
    (_record: unknown, ...more: unknown[]): void =>
      void told.push([word, ...more.filter((each) => typeof each !== 'object')].join(' ').trim());
  const session = { heard: note('heard'), asked: note('asked'), answered: note('answered') };
  const rest = { described: note('described'), introduced: note('introduced'), givenUp: note('givenUp') };
  const observer = { closing: note('closing'), closed: note('closed'), session: { ...session, ...rest } };
  const tap = new EngineTap(socket);
  tap.start({ observer, midMessage: false, fragments: 0 } as never);
  return { fake, tap, told };
}

describe('a question in the words of Engine.IO', () => {
  it('waits with the packets that the transport has not taken, and not with those that come later', () => {
    const { fake, socket } = make();
    const tap = new EngineTap(socket);
    expect(tap.isQuestionWaiting).toBe(false);
    fake.sendPacket('message');
    tap.ask();
    expect(tap.isQuestionWaiting).toBe(true);
    fake.flush();
    fake.sendPacket('message');
    expect(tap.isQuestionWaiting).toBe(false);
  });
});

describe('what an Engine.IO connection tells', () => {
  it('a poll, a packet and a pong are signs of life; a ping of its own is a question, and one of ours is not', () => {
    const { fake, tap, told } = observed();
    fake.transport.emit('ready');
    fake.emit('packet', { type: 'message' });
    fake.emit('packet', { type: 'pong' });
    fake.sendPacket('ping');
    tap.ask();
    expect(told).toEqual(['heard', 'heard', 'answered', 'asked']);
  });

  it.each([
    ['ping timeout', ['givenUp timeout', 'closing', 'closed 1006']],
    ['transport error', ['givenUp error', 'closing', 'closed 1006']],
    ['parse error', ['givenUp error', 'closing', 'closed 1006']],
    ['transport close', ['closing', 'closed 1005']],
    ['forced close', ['closing', 'closed 1005']],
  ])('its end by "%s": %j', (reason, expected) => {
    const { fake, told } = observed();
    fake.readyState = 'closed';
    fake.emit('close', reason);
    // The transport takes its time: what was given up is closing until it has gone.
    expect(told).toEqual(expected.slice(0, -1));
    fake.transport.readyState = 'closed';
    fake.transport.emit('close');
    expect(told).toEqual(expected);
  });

  it('an end that nobody has confirmed, where it was destroyed', () => {
    const { fake, tap, told } = observed();
    fake.readyState = 'closed';
    fake.transport.readyState = 'closed';
    tap.terminating();
    fake.emit('close', 'forced close');
    expect(told).toEqual(['closing', 'closed 1006']);
  });

  it('nothing any more when it has stopped, and listens no more', () => {
    const { fake, tap, told } = observed();
    tap.stop();
    fake.transport.emit('ready');
    fake.emit('packet', { type: 'pong' });
    fake.emit('close', 'ping timeout');
    expect(told).toEqual([]);
    expect([...fake.eventNames(), ...fake.transport.eventNames()]).toEqual([]);
  });
});

describe("Engine.IO's clock of a socket", () => {
  it('is taken so that nothing revives it, and given back as a whole', async () => {
    const { fake, socket } = make();
    let fired = 0;
    fake.pingIntervalTimer = setTimeout(() => fired++, 5);
    fake.pingTimeoutTimer = setTimeout(() => fired++, 5);
    const giveBack = takeClock(socket);
    // What a pong, and any packet in versions before 6.6, does.
    (fake.pingIntervalTimer as NodeJS.Timeout).refresh();
    fake.schedulePing();
    fake.resetPingTimeout(1);
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect([fired, fake.scheduled, fake.timeouts]).toEqual([0, 0, []]);
    expect(misfitOfSocket(socket)).toBeUndefined();
    giveBack(1);
    expect(Object.keys(fake)).not.toContain('schedulePing');
    expect(Object.keys(fake)).not.toContain('resetPingTimeout');
    await until('it is asked', () => fake.pings === 1);
    // As its own schedulePing() does it: the next ping is for the pong to bring.
    expect([fake.timeouts, fake.scheduled]).toEqual([[20_000], 0]);
    (fake.pingIntervalTimer as NodeJS.Timeout).refresh();
    expect(fake.scheduled).toBe(1);
  });

  it('goes on by itself where the answer to a question of ours comes after it was given back', async () => {
    const { fake, socket } = make();
    takeClock(socket)(5);
    (fake.pingIntervalTimer as NodeJS.Timeout).refresh();
    await sleep(30);
    expect([fake.scheduled, fake.pings]).toEqual([1, 0]);
  });

  it('asks nobody any more who has left since it was given back', async () => {
    const { fake, socket } = make();
    takeClock(socket)(5);
    // What Engine.IO does at the end, and what a second watch does.
    clearTimeout(fake.pingIntervalTimer as NodeJS.Timeout);
    await sleep(30);
    expect(fake.pings).toBe(0);
  });

  it('is given back by a tap within the time that the client has left', () => {
    const { fake, tap } = observed();
    tap.govern();
    tap.stop();
    const { _idleTimeout: askInMs } = fake.pingIntervalTimer as { _idleTimeout: number };
    clearTimeout(fake.pingIntervalTimer as NodeJS.Timeout);
    expect(askInMs).toBeGreaterThan(0);
    // It was there before us: nobody knows when it was asked last.
    expect(askInMs).toBeLessThanOrEqual(10_000);
  });

  it('is not given back to a socket that is closed', () => {
    const { fake, socket } = make();
    const giveBack = takeClock(socket);
    fake.readyState = 'closed';
    giveBack(1);
    expect([fake.scheduled, fake.pingIntervalTimer === null]).toEqual([0, false]);
    expect(fake.pingIntervalTimer).not.toHaveProperty('_onTimeout');
  });

  it.each(['schedulePing', 'resetPingTimeout', 'sendPacket', 'pingIntervalTimer', 'pingTimeoutTimer'])(
    'is left alone where a socket has no %s',
    (name) => {
      const { fake, socket } = make();
      Reflect.deleteProperty(fake, name);
      const shape = Object.create(fake, { [name]: { value: undefined } }) as EngineSocket;
      const subject = name.startsWith('ping') ? socket : shape;
      expect(misfitOfSocket(subject)).toContain(name);
    },
  );
});
