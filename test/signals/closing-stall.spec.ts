import { afterEach, describe, expect, it } from '@jest/globals';

import { TestProcess } from '../support/process.js';
import { sleep } from '../support/wait.js';

const COUNT = 50;
const CLOSE_TIMEOUT = 400;

describe('a stall between our close frames and their answers (R2, R6)', () => {
  const processes: TestProcess[] = [];
  afterEach(async () => {
    await Promise.all(processes.splice(0).map((process) => process.end()));
  });

  it.each([
    ['check', 600],
    ['io', 600],
    ['check', 3_000],
  ])(
    'in the %s phase for %i ms cuts nobody off whose answer waits to be read',
    async (phase, ms) => {
      const options = { heartbeat: { intervalMs: 500 }, sweep: { closeTimeoutMs: CLOSE_TIMEOUT } };
      const server = TestProcess.start('signals/closing.server.mjs', JSON.stringify(options));
      processes.push(server);
      const url = await server.receive<string>('url');
      // Their answers take a while, so that none is read before the stall.
      const crowd = TestProcess.start('stall/crowd.mjs', url, JSON.stringify({ count: COUNT }));
      processes.push(crowd);
      await crowd.receive('ready');
      await server.ask({ closeThenStall: { ms, phase } }, 'stalled');
      await sleep(CLOSE_TIMEOUT + 600);
      const { ends } = await server.ask<{ ends: number[] }>('report', 'report');
      expect(ends).toEqual(Array.from({ length: COUNT }, () => 4003));
      const { closed } = await crowd.ask<{ closed: { code: number }[] }>('report', 'report');
      expect(closed.map(({ code }) => code)).toEqual(ends);
    },
    30_000,
  );
});
