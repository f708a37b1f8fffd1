import { afterEach, describe, expect, it } from '@jest/globals';

import { TestProcess } from '../support/process.js';
import { sleep } from '../support/wait.js';

describe('a server that was stopped for a while', () => {
  const processes: TestProcess[] = [];
  afterEach(async () => {
    await Promise.all(processes.splice(0).map((process) => process.end()));
  });

  it('takes what a healthy client has asked meanwhile for no flood', async () => {
    const options = { heartbeat: { intervalMs: 500, maxPerInterval: 20 }, logging: { level: 'off' } };
    const server = TestProcess.start('stall/server.mjs', JSON.stringify(options));
    processes.push(server);
    const url = await server.receive<string>('url');
    // Half as often as it may.
    const client = TestProcess.start('abuse/asking.client.mjs', url, '50');
    processes.push(client);
    await client.receive('ready');
    await sleep(1_500);
    await server.freeze(4_000);
    await sleep(1_000);
    const { closed } = await client.ask<{ closed?: number }>('report', 'report');
    expect(closed).toBeUndefined();
    const { active } = await server.ask<{ active: number }>('report', 'report');
    expect(active).toBe(1);
  }, 30_000);
});
