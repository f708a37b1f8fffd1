import { afterEach, describe, expect, it } from '@jest/globals';

import { TestClient } from '../support/client.js';
import { TestProcess } from '../support/process.js';
import { sleep, until } from '../support/wait.js';

interface Report {
  active: number;
  uncaught: string[];
  events: { type: string; reason?: string }[];
}

describe('an app that fails in its connection handlers and in its listeners of events$', () => {
  const processes: TestProcess[] = [];
  afterEach(async () => {
    await Promise.all(processes.splice(0).map((process) => process.end()));
  });

  it('is watched as any other, and ends by no error of ours', async () => {
    const server = TestProcess.start('abuse/fence.server.mjs');
    processes.push(server);
    const url = await server.receive<string>('url');
    const living: TestClient[] = [];
    const silent: TestClient[] = [];
    for (let index = 0; index < 4; index++) {
      living.push(await TestClient.connect(url));
      silent.push(await TestClient.connect(url, { answers: false }));
    }
    await until('the silent ones are closed', () => silent.every(({ closed }) => closed?.code === 4001));
    await sleep(600);
    const { active, events, uncaught } = await server.ask<Report>('report', 'report');
    expect(active).toBe(4);
    expect(living.every(({ isOpen, pings }) => isOpen && pings.length > 1)).toBe(true);
    expect(events.filter(({ type }) => type === 'closed')).toHaveLength(4);
    expect(events.filter(({ type }) => type === 'swept').length).toBeGreaterThan(2);
    expect(events.filter(({ type }) => type === 'user_code_failed').length).toBeGreaterThan(0);
    // What the app threw where Nest calls it is none of our business; all else would be.
    const ours = uncaught.filter((error) => !/handle(Connection|Disconnect)/.test(error));
    expect(ours).toEqual([]);
    expect(uncaught.length).toBeGreaterThan(0);
  }, 60_000);
});
