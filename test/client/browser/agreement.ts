import { expect } from '@jest/globals';

import { sleep } from '../../support/wait.js';
import { HEARTBEAT, NOTICE_MS } from './browser.stage.js';
import type { ChatServer, ServerReport } from './chat.server.js';
import type { PageReport, Tab } from './tab.js';

/** Resolves when a server has had the first answer of its only client. */
export async function answered(server: ChatServer): Promise<void> {
  await server.until('it has answered', ({ connections }) => connections[0]?.latencyMs !== undefined);
}

/** The first connection of a page is still open, and the only one there has ever been. */
export async function expectStayed(server: ChatServer, tab: Tab): Promise<void> {
  // Says why, if it has not.
  expect(await tab.events('close')).toEqual([]);
  expect(await tab.report()).toMatchObject({ attempts: 1, open: 1, readyState: 1, errors: [] });
  const { connections, events } = await server.report();
  expect(connections).toMatchObject([{ state: 'open' }]);
  expect(events.filter(({ type }) => type === 'closed')).toEqual([]);
}

function isOne({ connections, sockets }: ServerReport): boolean {
  return connections.length === 1 && connections[0]!.state === 'open' && sockets === 1;
}

function hasOne({ live, open, readyState }: PageReport): boolean {
  return live === 1 && open === 1 && readyState === 1;
}

/** Server and page agree that there is one connection, and go on doing so for as long as anything could be noticed. */
export async function expectOneConnection(server: ChatServer, tab: Tab): Promise<void> {
  await server.until('one connection is left', isOne);
  // The page is asked last: what the server sees may be over already, and the page about to try again.
  const { attempts, now } = await tab.until('the page has one, too', hasOne);
  await sleep(NOTICE_MS + HEARTBEAT.timeoutMs);
  const report = await tab.report();
  // Says why, if it has not stayed.
  expect(report.events.filter(({ type, at }) => /close|attempt/.test(type) && at > now)).toEqual([]);
  expect(report).toMatchObject({ attempts, live: 1, open: 1, readyState: 1, errors: [] });
  expect(isOne(await server.report())).toBe(true);
}
