import { afterEach, describe, expect, it } from '@jest/globals';

import { TestProcess } from '../support/process.js';
import { sleep } from '../support/wait.js';

interface CrowdReport {
  asked: number;
  closed: { code: number; wasSilent: boolean }[];
}
interface ServerReport {
  active: number;
  events: { type: string; reason?: string; ghost?: string; stalledMs?: number }[];
}

const COUNT = 200;
const SILENT = 10;
const INTERVAL = 600;
const TIMEOUT = 400;
const OPTIONS = { heartbeat: { intervalMs: INTERVAL, timeoutMs: TIMEOUT } };

/** Settings in which each of the three clocks is the one that would have fired. */
const CLOCKS = {
  'heartbeat timeout': OPTIONS,
  // Pings that nobody judges but the sweep: stale soon after two of them went unanswered.
  sweep: {
    heartbeat: false,
    protocolPing: { intervalMs: INTERVAL },
    sweep: { intervalMs: 200, staleAfterMs: 900 },
  },
};

async function expectNobodyLost(server: TestProcess, crowd: TestProcess): Promise<ServerReport> {
  const report = await server.ask<ServerReport>('report', 'report');
  const { closed } = await crowd.ask<CrowdReport>('report', 'report');
  expect({ closed, active: report.active }).toEqual({ closed: [], active: COUNT });
  return report;
}

describe('a stall of our own', () => {
  const processes: TestProcess[] = [];
  afterEach(async () => {
    await Promise.all(processes.splice(0).map((process) => process.end()));
  });

  async function crowdOn(
    options: object,
    deflate: boolean,
  ): Promise<{ server: TestProcess; crowd: TestProcess }> {
    const server = TestProcess.start(
      'stall/server.mjs',
      JSON.stringify(options),
      JSON.stringify({ perMessageDeflate: deflate && { threshold: 0 } }),
    );
    processes.push(server);
    const url = await server.receive<string>('url');
    const crowd = TestProcess.start(
      'stall/crowd.mjs',
      url,
      JSON.stringify({ count: COUNT, silent: 0, perMessageDeflate: deflate && { threshold: 0 } }),
    );
    processes.push(crowd);
    await crowd.receive('ready');
    await sleep(INTERVAL);
    return { server, crowd };
  }

  const CASES = Object.keys(CLOCKS).flatMap((clock) =>
    [false, true].map((deflate) => ({ clock: clock as keyof typeof CLOCKS, deflate })),
  );

  it('kills none of 200 behind 60 ms of delay, whichever clock would have fired, compressed or not', async () => {
    const reports = await Promise.all(
      CASES.map(async ({ clock, deflate }) => {
        const { server, crowd } = await crowdOn(CLOCKS[clock], deflate);
        for (const phase of ['io', 'check']) {
          for (const ms of [450, 750, 3000]) {
            for (const offset of [0, 170, 390]) {
              await sleep(offset);
              await server.ask({ stall: { ms, phase } }, 'stalled');
            }
          }
        }
        await sleep(2 * INTERVAL);
        return expectNobodyLost(server, crowd);
      }),
    );
    for (const { events } of reports) {
      expect(events.filter(({ type }) => type === 'stalled').length).toBeGreaterThanOrEqual(12);
    }
  }, 90_000);

  it('kills none when the process is stopped and continued', async () => {
    await Promise.all(
      CASES.map(async ({ clock, deflate }) => {
        const { server, crowd } = await crowdOn(CLOCKS[clock], deflate);
        for (const ms of [500, 1000, 3000]) {
          await server.freeze(ms);
          await sleep(INTERVAL + 130);
        }
        await expectNobodyLost(server, crowd);
      }),
    );
  }, 60_000);

  it('still finds the dead among them within one more interval', async () => {
    const server = TestProcess.start('stall/server.mjs', JSON.stringify(OPTIONS));
    processes.push(server);
    const url = await server.receive<string>('url');
    const crowd = TestProcess.start('stall/crowd.mjs', url, JSON.stringify({ count: COUNT, silent: SILENT }));
    processes.push(crowd);
    await crowd.receive('ready');
    await server.ask({ stall: { ms: 1500, phase: 'io' } }, 'stalled');
    await sleep(INTERVAL + TIMEOUT + INTERVAL + 200);
    const { closed } = await crowd.ask<CrowdReport>('report', 'report');
    expect(closed.map(({ wasSilent }) => wasSilent)).toEqual(Array.from({ length: SILENT }, () => true));
    expect(closed.map(({ code }) => code)).toEqual(Array.from({ length: SILENT }, () => 4001));
  }, 60_000);
});
