import type { Socket } from 'node:net';

import { describe, expect, it } from '@jest/globals';
import { WebSocketGateway } from '@nestjs/websockets';

import type { ConnectionHealthRuntime } from '../../lib/connection-health.runtime.js';
import { useApps } from '../support/apps.js';
import { TestClient } from '../support/client.js';
import { sleep, until } from '../support/wait.js';
import { usedMemory } from './garbage.js';
import { Random } from './random.frames.js';
import { maskedFrame, openRaw } from './raw.peer.js';

const MB = 1_000_000;
const SEED = Number(process.env['FUZZ_SEED'] ?? Date.now() % 1_000_000);
const CONNECTIONS = 2_000;
const FRAMES_EACH = 15;

@WebSocketGateway()
class FuzzedGateway {}

const VALID = [
  maskedFrame(Buffer.from('{"type":"client_ping","ts":1}')),
  maskedFrame(Buffer.from('{"type":"client_pong","ts":1}')),
  maskedFrame(Buffer.from('{"type":"client_resume","reason":"x"}')),
  maskedFrame(Buffer.from('{"event":"chat","data":"hello"}')),
  maskedFrame(Buffer.alloc(300, 'a')),
  maskedFrame(Buffer.alloc(70_000), { opcode: 2 }),
  maskedFrame(Buffer.from('ping'), { opcode: 9 }),
  maskedFrame(Buffer.from('pong'), { opcode: 10 }),
  maskedFrame(Buffer.from([0x03, 0xe8, 0x62, 0x79, 0x65]), { opcode: 8 }),
  Buffer.concat([
    maskedFrame(Buffer.from('{"type":"clie'), { fin: false }),
    maskedFrame(Buffer.from('nt_ping","ts":1}'), { opcode: 0 }),
  ]),
];

/** A valid frame with something wrong about it, as a rule. */
function mutated(random: Random): Buffer {
  const frame = Buffer.from(random.of(VALID));
  switch (random.below(8)) {
    case 0: // any opcode, reserved bits and all
      frame[0] = random.below(256);
      return frame;
    case 1: // any length, masked or not
      frame[1] = random.below(256);
      return frame;
    case 2: // a giant length
      return Buffer.concat([Buffer.from([0x82, 0xff, random.below(2) * 127]), frame.subarray(3)]);
    case 3: // a wrong mask
      frame.fill(random.below(256), 2, 6);
      return frame;
    case 4: // cut short
      return frame.subarray(0, random.below(frame.length));
    case 5: // any bytes anywhere
      for (let left = 1 + random.below(8); left > 0; left--)
        frame[random.below(frame.length)] = random.below(256);
      return frame;
    case 6: // any close code
      return maskedFrame(Buffer.from([random.below(256), random.below(256), random.below(256)]), {
        opcode: 8,
      });
    default:
      return frame;
  }
}

describe(`bytes of all kinds, FUZZ_SEED=${SEED}`, () => {
  const startApp = useApps();

  it(`are survived and accounted for: ${CONNECTIONS * FRAMES_EACH} frames that are mostly wrong`, async () => {
    const { url, service, eventsOf } = await startApp([FuzzedGateway], {
      heartbeat: { intervalMs: 2_000, maxPerInterval: 50 },
      sweep: { closeTimeoutMs: 500 },
      drain: false,
      logging: { level: 'off' },
    });
    const port = Number(new URL(url).port);
    const healthy = await TestClient.connect(url);
    await until('it was asked', () => healthy.answeredAt !== undefined);
    const random = new Random(SEED);
    const before = usedMemory();
    await Promise.all(Array.from({ length: 20 }, () => attack(port, random)));
    const { registry } = (service as unknown as { runtime: ConnectionHealthRuntime }).runtime;
    await until('all of them are gone', () => registry.size === 1, 20_000);
    expect(registry.opened - registry.closed).toBe(1);
    expect(eventsOf('closed')).toHaveLength(CONNECTIONS);
    expect(eventsOf('user_code_failed')).toEqual([]);
    expect(healthy.closed).toBeUndefined();
    healthy.send({ type: 'client_ping', ts: 42 });
    await until('it is answered', () => healthy.messages.includes('{"type":"server_pong","ts":42}'));
    expect(Object.keys(service.snapshot().gateways)).toEqual(['FuzzedGateway']);
    const reasons = new Set(eventsOf('closed').map(({ reason }) => reason));
    for (const reason of reasons) expect(['clean', 'error', 'timeout', 'abuse']).toContain(reason);
    const after = usedMemory();
    // The test itself keeps an event for every opening and every end.
    expect(after.heap - before.heap).toBeLessThan(40 * MB);
    expect(after.buffers - before.buffers).toBeLessThan(20 * MB);
  }, 180_000);
});

/** Opens one connection after the other, and sends each a few frames, half of them with the request. */
async function attack(port: number, random: Random): Promise<void> {
  for (let connection = 0; connection < CONNECTIONS / 20; connection++) {
    const frames = Array.from({ length: FRAMES_EACH }, () => mutated(random));
    const head = random.below(2) === 0 ? frames.splice(0, 5) : [];
    let socket: Socket;
    try {
      socket = await openRaw(port, Buffer.concat(head));
    } catch (error) {
      throw new Error(`connection ${connection} of seed ${SEED} was not let in`, { cause: error });
    }
    for (const frame of frames) socket.write(frame);
    await sleep(random.below(3));
    if (random.below(2) === 0) socket.destroy();
    else socket.end();
    setTimeout(() => socket.destroy(), 1_000).unref();
  }
}
