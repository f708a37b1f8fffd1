import { afterEach, describe, expect, it } from '@jest/globals';

import { TestProcess } from '../support/process.js';
import { sleep } from '../support/wait.js';

interface CrowdReport {
  closed: { code: number; wasSilent: boolean }[];
}
interface ServerReport {
  active: number;
}

const COUNT = 200;
const MINUTES = 60_000;

/** Default settings, and settings in which the sweep is the clock that would have fired. */
const CLOCKS = {
  'the defaults': {},
  'the sweep': { heartbeat: false, sweep: { intervalMs: 5_000, staleAfterMs: 31_000 } },
};
const CASES = Object.entries(CLOCKS).flatMap(([clock, options]) =>
  [false, true].map((deflate) => ({ clock, options, deflate: deflate && { threshold: 0 } })),
);

describe('a stall of our own, with default settings', () => {
  const processes: TestProcess[] = [];
  afterEach(async () => {
    await Promise.all(processes.splice(0).map((process) => process.end()));
  });

  async function crowdOn(
    { options, deflate }: (typeof CASES)[number],
    silent = 0,
  ): Promise<{ server: TestProcess; crowd: TestProcess }> {
    const server = TestProcess.start(
      'stall/server.mjs',
      JSON.stringify(options),
      JSON.stringify({ perMessageDeflate: deflate }),
    );
    processes.push(server);
    const url = await server.receive<string>('url');
    const crowd = TestProcess.start(
      'stall/crowd.mjs',
      url,
      JSON.stringify({ count: COUNT, silent, perMessageDeflate: deflate }),
    );
    processes.push(crowd);
    await crowd.receive('ready');
    return { server, crowd };
  }

  it(
    'kills none of 200 behind 60 ms of delay, by stalls of 1.5, 2.5 and 10 s all over the interval',
    async () => {
      await Promise.all(
        CASES.map(async (wanted) => {
          const { server, crowd } = await crowdOn(wanted);
          for (const phase of ['io', 'check']) {
            for (const ms of [1_500, 2_500, 10_000]) {
              for (const offset of [0, 7_000, 13_000]) {
                await sleep(offset);
                await server.ask({ stall: { ms, phase } }, 'stalled');
              }
            }
          }
          await sleep(32_000);
          const { active } = await server.ask<ServerReport>('report', 'report');
          const { closed } = await crowd.ask<CrowdReport>('report', 'report');
          expect({ ...wanted, closed, active }).toEqual({ ...wanted, closed: [], active: COUNT });
        }),
      );
    },
    12 * MINUTES,
  );

  it(
    'kills none by SIGSTOP and SIGCONT after 3, 10 and 60 s, and finds the dead among them',
    async () => {
      await Promise.all(
        CASES.filter(({ clock }) => clock === 'the defaults').map(async (wanted) => {
          const { server, crowd } = await crowdOn(wanted, 10);
          for (const ms of [3_000, 10_000, 60_000]) {
            await server.freeze(ms);
            await sleep(11_000);
          }
          await sleep(60_000);
          const { closed } = await crowd.ask<CrowdReport>('report', 'report');
          expect(closed.map(({ wasSilent }) => wasSilent)).toEqual(Array.from({ length: 10 }, () => true));
        }),
      );
    },
    12 * MINUTES,
  );
});
