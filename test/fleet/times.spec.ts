import { describe, expect, it } from '@jest/globals';
import { MemoryFleetStore, type Clock } from 'nestjs-connection-health';

import type { TestApp } from '../support/app.js';
import { useApps } from '../support/apps.js';
import { TestClient } from '../support/client.js';
import { sleep, until } from '../support/wait.js';
import { FLEET_OPTIONS, FleetGateway } from './support/fleet.apps.js';

const HOUR = 3_600_000;

/** The system's clock, whose date somebody has set to another hour. */
function clockThatIs(offsetMs: number): Clock {
  return {
    monotonic: () => performance.now(),
    epoch: () => Date.now() + offsetMs,
    every(intervalMs, run) {
      const timer = setInterval(run, intervalMs);
      return () => clearInterval(timer);
    },
    afterPoll: (run) => void setImmediate(run),
  };
}

describe('times of other nodes', () => {
  const start = useApps();
  const heartbeat = { intervalMs: 400, timeoutMs: 300, enforce: 'observe' } as const;

  async function startTwo(clock?: Clock): Promise<readonly [TestApp, TestApp]> {
    const options = {
      ...FLEET_OPTIONS,
      fleet: new MemoryFleetStore({ beatMs: 500 }),
      heartbeat,
      sweep: false,
    } as const;
    const one = await start([FleetGateway], { ...options, ...(clock === undefined ? {} : { clock }) });
    const other = await start([FleetGateway], options);
    for (const { service } of [one, other])
      await until('they know of each other', async () => (await service.fleet.snapshot()).nodes === 2);
    return [one, other];
  }

  it('show who lives and who is silent', async () => {
    const [one, other] = await startTwo();
    await TestClient.connect(`${one.url}/?user=lively`);
    await TestClient.connect(`${one.url}/?user=silent`, { answers: false });
    await sleep(4_000);
    const idleOf = async (identity: string): Promise<number> =>
      (await other.service.fleet.find({ identity })).connections[0]!.idleMs;
    // Told once in a heartbeat interval or beat, to a second.
    expect(await idleOf('lively')).toBeLessThan(3_000);
    expect(await idleOf('silent')).toBeGreaterThan(3_000);
    const { connections } = await other.service.fleet.connections({ minIdleMs: 3_000 });
    expect(connections.map(({ identity }) => identity)).toEqual(['silent']);
  });

  it.each([-HOUR, HOUR])(
    'are the store’s own where the clock of a node differs by %i ms',
    async (offsetMs) => {
      const [one, other] = await startTwo(clockThatIs(offsetMs));
      await TestClient.connect(`${one.url}/?user=anna`);
      for (const { service } of [one, other]) {
        await until('it is seen', () => service.fleet.isOnline('anna'));
        const { connections } = await service.fleet.find({ identity: 'anna' });
        expect(Math.abs(connections[0]!.openedAt - Date.now())).toBeLessThan(10_000);
        expect(connections[0]!.ageMs).toBeLessThan(10_000);
        const { members } = await service.fleet.snapshot();
        expect(members).toHaveLength(2);
        for (const { started_at: at, beat_ms_ago: ago } of members) {
          expect(Math.abs(at - Date.now())).toBeLessThan(20_000);
          expect(ago).toBeLessThan(5_000);
        }
      }
      expect([...one.events, ...other.events].filter(({ type }) => type.startsWith('fleet_'))).toEqual([]);
    },
  );
});
