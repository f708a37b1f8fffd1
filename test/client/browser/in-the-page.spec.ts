import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { beforeAll, describe, expect, it, jest } from '@jest/globals';

import { sleep } from '../../support/wait.js';
import { answered } from './agreement.js';
import { CLIENT, HEARTBEAT, NOTICE_MS, SLACK_MS, useBrowser } from './browser.stage.js';
import { bundle } from './client.bundle.js';
import { has } from './tab.js';

jest.setTimeout(60_000);

const stage = useBrowser();

describe('the script for pages without modules', () => {
  it('makes one global, and nothing else', async () => {
    const globals = `Object.getOwnPropertyNames(globalThis).length`;
    const tab = await stage.tab('/elsewhere');
    const before = await tab.run<number>(globals);
    await tab.page.addScriptTag({ url: '/healthy-websocket.min.js' });
    expect(await tab.run<number>(globals)).toBe(before + 1);
    expect(await tab.run('typeof HealthyWebSocket')).toBe('function');
  });

  it('carries a chat, and shows the page none of the heartbeats', async () => {
    const server = await stage.server();
    const tab = await stage.connected(server);
    const other = await stage.connected(server);
    await tab.run(`witness.say('hello')`);
    await other.run(`witness.say('you, too')`);
    await tab.until('it has heard both', has('message', 2));
    await sleep(3 * HEARTBEAT.intervalMs);
    expect((await tab.events('message')).map(({ data }) => data)).toEqual([
      '{"event":"chat","data":"hello"}',
      '{"event":"chat","data":"you, too"}',
    ]);
    expect(tab.sent.filter(({ text }) => text.includes('"client_pong"')).length).toBeGreaterThanOrEqual(2);
    expect((await server.report()).messages).toEqual(['hello', 'you, too']);
  });

  it('stands where a page expects a WebSocket', async () => {
    const server = await stage.server();
    const tab = await stage.tab();
    const surface = (name: string): Promise<string> =>
      tab.run<string>(`(() => {
        const socket = new ${name}(${JSON.stringify(server.url)});
        const members = {};
        for (let of = WebSocket.prototype; of !== Object.prototype; of = Object.getPrototypeOf(of))
          for (const key of Object.getOwnPropertyNames(of)) if (key !== 'constructor') members[key] = typeof socket[key];
        const constants = [${name}.CONNECTING, ${name}.OPEN, ${name}.CLOSING, ${name}.CLOSED];
        const values = [socket.readyState, socket.bufferedAmount, socket.protocol, socket.extensions, socket.binaryType];
        socket.close();
        return JSON.stringify({ members, constants, values, isTarget: socket instanceof EventTarget });
      })()`);
    // The page's own class, which the witness has taken the place of.
    await tab.run('globalThis.Native = Object.getPrototypeOf(WebSocket)');
    expect(JSON.parse(await surface('HealthyWebSocket'))).toEqual(JSON.parse(await surface('Native')));
  });

  it('works in a worker', async () => {
    const server = await stage.server();
    stage.host.serve('/worker.js', readFileSync(join(import.meta.dirname, 'pages/worker.js'), 'utf8'));
    const tab = await stage.tab();
    await tab.run(`{
      const worker = new Worker('/worker.js');
      worker.onmessage = ({ data }) => witness.note(data);
      worker.postMessage(${JSON.stringify({ url: server.url, options: CLIENT })});
    }`);
    await tab.until('it is open', has('open'));
    await answered(server);
    server.stop();
    await tab.until('it has noticed', has('close dead_server'));
    server.continue();
    await tab.until('it is back', has('open', 2));
    expect((await server.report()).connections).toHaveLength(1);
  });
});

describe('a library that takes a class of sockets', () => {
  beforeAll(() => {
    stage.host.serve('/rxjs.js', bundle('test/client/browser/pages/rxjs.mjs'));
    stage.host.serve(
      '/rxjs',
      '<!doctype html><script src="/witness.js"></script><script src="/rxjs.js"></script>',
    );
  });

  it('never sees a heartbeat, and is told at last when its server is gone', async () => {
    const server = await stage.server();
    const tab = await stage.tab('/rxjs');
    await tab.run(`startRxjs(${JSON.stringify(server.url)}, ${JSON.stringify(CLIENT)})`);
    await tab.until('it is open', has('rxjs open'));
    await answered(server);
    await tab.run(`rxjsSubject.next({ event: 'chat', data: 'hello' })`);
    await tab.until('it has heard', has('rxjs message'));
    await sleep(NOTICE_MS + HEARTBEAT.intervalMs);
    expect((await tab.events('rxjs message')).map(({ data }) => data)).toEqual([
      '{"event":"chat","data":"hello"}',
    ]);
    expect(await tab.report()).toMatchObject({ attempts: 1, open: 1, errors: [] });

    const stoppedAt = Date.now();
    server.stop();
    const { events } = await tab.until('it is told', has('rxjs close'));
    const close = events.find(({ type }) => type === 'rxjs close')!;
    expect(close).toMatchObject({ code: 1006 });
    expect(close.at - stoppedAt).toBeLessThan(NOTICE_MS + SLACK_MS);
    server.continue();
    await tab.until('it has come back', has('rxjs open', 2));
    await server.until('one connection is left', ({ connections }) => connections.length === 1);
    await tab.run(`rxjsSubject.next({ event: 'chat', data: 'again' })`);
    await tab.until('it has heard', has('rxjs message', 2));
    expect(await tab.report()).toMatchObject({ live: 1, open: 1, errors: [] });
    expect((await server.report()).messages).toEqual(['hello', 'again']);
  });
});
