import { afterEach, describe, expect, it } from '@jest/globals';

import { TestProcess } from '../support/process.js';
import { sleep } from '../support/wait.js';

const AWAY = 4_000;
const CLIENTS = 20;

async function expectAllAreThere(server: TestProcess, clients: TestProcess): Promise<void> {
  await sleep(1_000);
  const { closed } = await clients.ask<{ closed: number[] }>('report', 'report');
  const { active } = await server.ask<{ active: number }>('report', 'report');
  expect({ closed, active }).toEqual({ closed: [], active: CLIENTS });
}

describe('a server that could not listen for a while', () => {
  const processes: TestProcess[] = [];
  afterEach(async () => {
    await Promise.all(processes.splice(0).map((process) => process.end()));
  });

  async function open(): Promise<{ server: TestProcess; clients: TestProcess }> {
    const options = { heartbeat: { intervalMs: 500, maxPerInterval: 20 }, logging: { level: 'off' } };
    const server = TestProcess.start('abuse/blocking.server.mjs', JSON.stringify(options), String(AWAY));
    processes.push(server);
    const url = await server.receive<string>('url');
    // Half as often as they may.
    const clients = TestProcess.start('abuse/asking.client.mjs', url, '50', String(CLIENTS));
    processes.push(clients);
    await clients.receive('ready');
    await sleep(1_500);
    return { server, clients };
  }

  it('takes what healthy clients have asked meanwhile for no flood: stopped and continued', async () => {
    const { server, clients } = await open();
    await server.freeze(AWAY);
    await expectAllAreThere(server, clients);
  }, 60_000);

  it('takes it for no flood either where the app blocked while others waited to be read', async () => {
    const { server, clients } = await open();
    clients.send('block');
    await server.receive('blocked');
    await expectAllAreThere(server, clients);
  }, 60_000);
});
