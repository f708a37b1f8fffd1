import { describe, expect, it, jest } from '@jest/globals';

import { until } from '../../support/wait.js';
import { unevenness } from '../support/evenness.js';
import { useServers } from '../support/plain.server.js';
import { useBrowser } from './browser.stage.js';

jest.setTimeout(120_000);

/** Chromium gives a profile 255 WebSockets. */
const CLIENTS = 200;
/** Of each client: the one after the loss of the server, and four after attempts in vain. 1,000 in all. */
const PAUSES = 5;
const SPREAD_MS = 1_000;
/** Numbers drawn evenly are above it once in 8,000 times. */
const UNEVEN = 2.2;

describe('the clients of a page that lose their server at the same moment', () => {
  const stage = useBrowser();
  const serve = useServers();

  it('try again after pauses that are evenly spread, the first time and every time, and all come back', async () => {
    const server = await serve();
    const { port, url } = server;
    const tab = await stage.tab();
    // The url is asked for when an attempt begins: that is when a pause has ended.
    await tab.run(`{
      witness.pauses = [];
      const connect = () => {
        const pauses = [];
        let lostAt;
        const url = () => {
          if (lostAt !== undefined) pauses.push(performance.now() - lostAt);
          return ${JSON.stringify(url)};
        };
        const backoff = { initialMs: ${SPREAD_MS}, maxMs: ${SPREAD_MS} };
        const socket = new HealthyWebSocket(url, [], { backoff, connectTimeoutMs: 60_000 });
        socket.onclose = () => (lostAt = performance.now());
        witness.pauses.push(pauses);
      };
      for (let id = 0; id < ${CLIENTS}; id++) setTimeout(connect, 10 * id);
    }`);
    await until('all are connected', () => server.open.length === CLIENTS, 30_000);
    await server.stop();
    // Chromium itself makes attempts wait that follow many others in vain.
    await tab.page.waitForFunction(`witness.pauses.every(({ length }) => length >= ${PAUSES})`, undefined, {
      timeout: 60_000,
    });
    // The first of all clients, not the first of all: those would be the short ones.
    const pauses = await tab.run<number[][]>(`witness.pauses.map((all) => all.slice(0, ${PAUSES}))`);
    for (let round = 0; round < PAUSES; round++) {
      const inRound = pauses.map((all) => all[round]!);
      expect(unevenness(inRound, 0, Math.max(SPREAD_MS, ...inRound))).toBeLessThan(UNEVEN);
    }
    const all = pauses.flat();
    expect(all).toHaveLength(1_000);
    expect(unevenness(all, 0, Math.max(SPREAD_MS, ...all))).toBeLessThan(UNEVEN);

    const successor = await serve(undefined, { port });
    await until('all are back', () => successor.open.length === CLIENTS, 30_000);
  });
});
