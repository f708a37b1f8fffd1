import { afterEach, describe, expect, it } from '@jest/globals';
import type { Finding } from 'nestjs-connection-health';

import { TestProcess } from '../support/process.js';
import { sleep } from '../support/wait.js';

describe('the finding loop_overloaded', () => {
  let server: TestProcess;
  afterEach(() => server.end());

  it('stands while more than half of the time had to be credited, and is cleared when the loop runs again', async () => {
    server = TestProcess.start('stall/server.mjs', JSON.stringify({ heartbeat: { intervalMs: 300 } }));
    await server.receive('url');
    const signals = async (): Promise<string[]> => {
      const { findings } = await server.ask<{ findings: Finding[] }>('report', 'report');
      return findings.map(({ signal }) => signal);
    };
    expect(await signals()).toEqual([]);
    for (let elapsed = 0; elapsed < 24_000; elapsed += 1000) {
      await server.ask({ stall: { ms: 950, phase: elapsed % 2000 === 0 ? 'io' : 'check' } }, 'stalled');
      await sleep(50);
    }
    expect(await signals()).toEqual(['loop_overloaded']);
    await sleep(21_000);
    expect(await signals()).toEqual([]);
  }, 90_000);
});
