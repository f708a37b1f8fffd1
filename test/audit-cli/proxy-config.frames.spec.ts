import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { ClientRequest, IncomingMessage } from 'node:http';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { WebSocket } from 'ws';

import type { RunningProxy } from '../proxy-lab/lab.js';
import { until } from '../support/wait.js';
import { PRINTED, startPrinted } from './proxies.js';
import { meet, RecordingBackend } from './recording.backend.js';

describe.each(PRINTED)('the configuration for %s, as printed', (...row) => {
  let backend: RecordingBackend;
  let proxy: RunningProxy;

  beforeAll(async () => {
    backend = new RecordingBackend();
    proxy = await startPrinted(row, { upstreamPort: await backend.listen() });
  });

  afterAll(async () => {
    await proxy?.stop();
    await backend?.close();
  });

  const join = (path = '/ws', options: object = {}, protocols: string[] = []) =>
    meet(backend, new WebSocket(proxy.url(path), protocols, options));

  it('carries messages of every kind both ways, byte for byte', async () => {
    const { here, there } = await join();
    const large = randomBytes(300_000);
    for (const [from, to] of [
      [here, there],
      [there, here],
    ] as const) {
      from.socket.send('grüße');
      from.socket.send(large);
      from.socket.send('one ', { fin: false });
      from.socket.ping('between the parts');
      from.socket.send('message', { fin: true });
      from.socket.send('');
      await until('all messages have come', () => to.messages.length === 4);
      expect(to.messages.map(({ isBinary }) => isBinary)).toEqual([false, true, false, false]);
      expect(to.messages.filter(({ isBinary }) => !isBinary).map(({ data }) => String(data))).toEqual([
        'grüße',
        'one message',
        '',
      ]);
      expect(large.equals(to.messages[1]!.data)).toBe(true);
    }
    here.socket.terminate();
  });

  it('passes pings and pongs on with their nonces, and answers none itself', async () => {
    const { here, there } = await join();
    here.socket.ping('from the client');
    there.socket.ping('from the backend');
    await until('pongs have come back', () => here.pongs.length > 0 && there.pongs.length > 0);
    expect(there.pings).toEqual(['from the client']);
    expect(here.pings).toEqual(['from the backend']);
    expect([here.pongs, there.pongs]).toEqual([['from the client'], ['from the backend']]);
    here.socket.terminate();
  });

  it.each([
    ['a code and a reason', [4001, 'ärger'], { code: 4001, reason: 'ärger' }],
    ['a code', [1000], { code: 1000, reason: '' }],
    ['nothing', [], { code: 1005, reason: '' }],
  ] as const)('passes a close with %s on, both ways', async (_what, [code, reason], seen) => {
    for (const direction of ['client', 'backend']) {
      const { here, there } = await join();
      const [from, to] = direction === 'client' ? [here, there] : [there, here];
      from.socket.close(code, reason);
      await until('both sides are closed', () => here.closed !== undefined && there.closed !== undefined);
      expect(to.closed).toMatchObject(seen);
      expect(from.closed).toMatchObject(seen);
    }
  });

  it('drops the other side when one side is dropped, without a close frame that nobody sent', async () => {
    for (const direction of ['client', 'backend']) {
      const { here, there } = await join();
      (direction === 'client' ? here : there).socket.terminate();
      await until('both sides are closed', () => here.closed !== undefined && there.closed !== undefined);
      expect([here.closed!.code, there.closed!.code]).toEqual([1006, 1006]);
    }
  });

  it('passes headers, cookies and the query on, adds the address, and lets the backend choose the subprotocol', async () => {
    const headers = { Cookie: 'session=1; x=2', Authorization: 'Bearer t', 'X-Forwarded-For': '203.0.113.9' };
    const { here, there } = await join('/ws/room?id=7', { headers, origin: 'https://app.example' }, [
      'v1',
      'v2',
    ]);
    const { url, headers: seen } = there.request!;
    expect(url).toBe('/ws/room?id=7');
    expect(seen).toMatchObject({
      cookie: 'session=1; x=2',
      authorization: 'Bearer t',
      origin: 'https://app.example',
      host: `127.0.0.1:${proxy.port}`.replace(/:\d+$/, (port) => (seen.host!.includes(':') ? port : '')),
    });
    expect(seen['x-forwarded-for']).toMatch(/(^|, )127\.0\.0\.1$/);
    expect(here.socket.protocol).toBe('v2');
    here.socket.terminate();
  });

  it('hands the headers of the answer to the client, cookies one by one', async () => {
    const client = new WebSocket(proxy.url('/ws'));
    const [answer] = (await once(client, 'upgrade')) as [IncomingMessage];
    expect(answer.headers['set-cookie']).toEqual(['a=1', 'b=2']);
    client.terminate();
  });

  it('hands a refusal of the backend to the client as it is', async () => {
    const client = new WebSocket(proxy.url('/ws/refused'));
    client.on('error', () => undefined);
    const [, answer] = (await once(client, 'unexpected-response')) as [ClientRequest, IncomingMessage];
    expect(answer.statusCode).toBe(401);
    expect(answer.headers['www-authenticate']).toBe('Bearer');
    client.terminate();
  });

  it('serves nothing but the path', async () => {
    const answer = await fetch(proxy.url('/elsewhere').replace('ws:', 'http:'));
    await answer.text();
    expect(answer.status).toBe(404);
  });
});
