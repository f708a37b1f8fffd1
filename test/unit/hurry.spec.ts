import { describe, expect, it } from '@jest/globals';

import { hurryAfterStall } from '../../lib/connection-health.hurry.js';
import type { ConnectionHealthRuntime } from '../../lib/connection-health.runtime.js';
import { ConnectionRegistry } from '../../lib/connection/connection.registry.js';
import { Records } from '../support/records.js';

const CREDIT_MS = 3_000;
const COUNT = 500;

/** A registry of connections whose library asks by itself, and where asking one takes a while. */
function setUp() {
  const records = new Records();
  Object.assign(records.driver, { ownHeartbeat: true });
  const registry = new ConnectionRegistry();
  const open = (): void => {
    const connection = records.make();
    registry.nextSequence();
    registry.add(connection);
  };
  for (let at = 0; at < COUNT; at++) open();
  const hurried: number[] = [];
  const slices: number[] = [];
  const parts = {
    binder: { servers: () => [[...registry][0]!.server] },
    registry,
    options: { clock: records.clock },
    awake: records.awake,
    pulse: { afterPoll: (run: () => void) => records.clock.afterPoll(run) },
    engine: {
      hurry({ sequence }: { sequence: number }, creditMs: number) {
        expect(creditMs).toBe(CREDIT_MS);
        hurried.push(sequence);
        records.clock.stall(0.05);
      },
    },
  } as unknown as ConnectionHealthRuntime;
  const settle = (): void => {
    for (let before = -1; before !== hurried.length;) {
      before = hurried.length;
      slices.push(before);
      records.clock.poll();
    }
  };
  return { parts, open, hurried, slices, settle, registry };
}

describe('clients that leave by their own clock, after a stall', () => {
  it('are hurried in slices, each once', () => {
    const { parts, hurried, slices, settle } = setUp();
    hurryAfterStall(parts, CREDIT_MS);
    settle();
    expect(hurried).toEqual(Array.from({ length: COUNT }, (_, at) => at + 1));
    // 2 ms of 0.05 ms each, looked at every 16.
    const longest = Math.max(...slices.map((upTo, at) => upTo - (slices[at - 1] ?? 0)));
    expect(longest).toBeLessThanOrEqual(48);
  });

  it('are left alone where they have come since, or have gone', () => {
    const { parts, open, hurried, settle, registry } = setUp();
    hurryAfterStall(parts, CREDIT_MS);
    open();
    registry.remove(registry.get(COUNT)!);
    settle();
    expect(hurried).toEqual(Array.from({ length: COUNT - 1 }, (_, at) => at + 1));
  });
});
