import { isUtf8 } from 'node:buffer';

import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';

import { MemoryLogger } from '../support/app.js';
import { TestClient } from '../support/client.js';
import { frames } from '../support/frames.js';
import { sleep, until } from '../support/wait.js';
import { Asker } from './support/asker.js';
import { TOKEN, useAudited } from './support/audited.app.js';
import { ShiftedClock } from './support/shifted.clock.js';

const start = useAudited();
const QUICK = { heartbeat: { intervalMs: 200, timeoutMs: 100 } };

describe('a connection that has proven the token', () => {
  it('learns what arrived with its upgrade: names of headers, never values', async () => {
    const app = await start({ proxyIdleTimeoutMs: 90_000 });
    const asker = await Asker.connect(app.url, { 'X-Secret': 'the-value-of-it' });
    const { begun } = (await asker.ask({ ask: 'begin', token: TOKEN, run: 'r' })) as {
      begun: Record<string, unknown>;
    };
    expect(begun['headers']).toEqual(expect.arrayContaining(['host', 'sec-websocket-key', 'x-secret']));
    expect(JSON.stringify(begun)).not.toContain('the-value-of-it');
    expect(begun).toMatchObject({
      extensions: 'permessage-deflate',
      reusedFrom: null,
      settings: {
        heartbeat: { intervalMs: 30_000, timeoutMs: 20_000, enforce: 'always', codec: 'json' },
        protocolPing: { intervalMs: null },
        proxyIdleTimeoutMs: 90_000,
      },
    });
    expect(begun['key']).toMatch(/^[\w+/]{22}==$/);
  });

  it("is the audit's own: none of its messages reach the app, of any size and kind, and none of the app's reach it", async () => {
    const app = await start({}, { opened: (client) => client.send('welcome') });
    const asker = await Asker.begun(app.url);
    const { socket } = asker.client;
    expect(app.service.connections()).toHaveLength(1);
    const before = asker.client.messages.filter((text) => text === 'welcome').length;
    socket.send('{"event":"chat","data":"hello"}');
    socket.send(Buffer.alloc(100_000));
    socket.send(`{"type":"client_audit","pad":"${'x'.repeat(2_000)}"}`);
    socket.send('{"type":"client_audit","ask":"nonsense"}');
    await until('all are answered', () => asker.heard.length >= 5);
    expect(asker.heard.slice(1)).toEqual([
      { type: 'server_audit', got: 31 },
      { type: 'server_audit', got: 100_000 },
      { type: 'server_audit', got: 2_032 },
      { type: 'server_audit', refused: 'malformed' },
    ]);
    expect([app.frames, app.messages]).toEqual([[], []]);
    for (const each of app.sockets) each.send('broadcast');
    await new Promise((sent) => app.sockets[0]!.send('broadcast', sent));
    await new Promise((sent) => app.sockets[0]!.send('broadcast', { compress: true }, sent));
    await asker.ask({ ask: 'echo' });
    expect(asker.client.messages).not.toContain('broadcast');
    expect(before).toBe(1);
  });

  it('is neither asked nor judged nor swept, beside one that is', async () => {
    const app = await start({ ...QUICK, sweep: { intervalMs: 100, staleAfterMs: 400 } });
    const asker = await Asker.begun(app.url);
    asker.client.answers = false;
    const mute = await TestClient.connect(app.url, { answers: false });
    const pings = asker.client.pings.length + asker.client.protocolPings;
    await asker.ask({ ask: 'quiet', ms: 1_200 });
    await until('the mute one is closed', () => mute.closed !== undefined);
    await sleep(600);
    await app.service.sweep({ staleAfterMs: 100 });
    expect(asker.client.isOpen).toBe(true);
    expect(asker.client.pings.length + asker.client.protocolPings).toBe(pings);
  });

  it('hears nothing while it is quiet, not even answers, and answers again after it', async () => {
    const app = await start(QUICK);
    const asker = await Asker.begun(app.url);
    expect(await asker.ask({ ask: 'quiet', ms: 500 })).toMatchObject({ quietMs: 500 });
    const heard = asker.client.messages.length;
    const id = asker.tell({ ask: 'echo' });
    asker.client.socket.send('a message');
    await sleep(300);
    expect(asker.client.messages).toHaveLength(heard);
    await sleep(300);
    await asker.ask({ ask: 'echo' });
    expect(asker.heard.some((message) => message['id'] === id)).toBe(false);
  });

  it.each([0, 600_001, -1, 1.5, '100', null])('cannot ask for a quiet of %s ms', async (ms) => {
    const app = await start();
    const asker = await Asker.begun(app.url);
    asker.tell({ ask: 'quiet', ms });
    await until('it is refused', () => asker.heard.length === 2);
    expect(asker.heard[1]).toEqual({ type: 'server_audit', refused: 'malformed' });
  });

  it('gets small messages one way where it asks for them, and no longer than its quiet', async () => {
    const app = await start(QUICK);
    const asker = await Asker.begun(app.url);
    await asker.ask({ ask: 'quiet', ms: 500, dripEveryMs: 100 });
    await until('some have come', () => asker.heard.filter((message) => 'drip' in message).length >= 2);
    await sleep(700);
    const drips = asker.heard.length;
    await sleep(300);
    expect(asker.heard).toHaveLength(drips);
  });

  it('is logged once for each run', async () => {
    const logger = new MemoryLogger();
    const app = await start({}, { logger });
    await Asker.begun(app.url, 'a');
    await Asker.begun(app.url, 'a');
    await Asker.begun(app.url, 'b');
    expect(app.eventsOf('audit_began')).toHaveLength(2);
    expect(logger.textOf('log').match(/an audit of the way to this gateway has begun/g)).toHaveLength(2);
  });

  it('is closed when it has said nothing for a minute beyond its quiet', async () => {
    const clock = new ShiftedClock();
    const app = await start({ clock });
    const [talker, quiet] = await Promise.all([Asker.begun(app.url), Asker.begun(app.url)]);
    await quiet.ask({ ask: 'quiet', ms: 600_000 });
    clock.shiftMs += 59_000;
    await talker.ask({ ask: 'echo' });
    clock.shiftMs += 59_000;
    await talker.ask({ ask: 'echo' });
    clock.shiftMs += 61_000;
    await until('the talker is closed', () => talker.client.closed !== undefined);
    expect(talker.client.closed).toMatchObject({ code: 1000 });
    expect(quiet.client.isOpen).toBe(true);
    clock.shiftMs += 500_000;
    await until('the quiet one is closed as well', () => quiet.client.closed !== undefined);
  });

  it('works without heartbeats, too', async () => {
    const app = await start({ heartbeat: false });
    const asker = await Asker.begun(app.url);
    expect(await asker.ask({ ask: 'echo' })).toMatchObject({ echo: true });
    expect(app.frames).toEqual([]);
  });

  it('may not be one of very many at once', async () => {
    const app = await start();
    await Promise.all(Array.from({ length: 96 }, () => Asker.begun(app.url)));
    const asker = await Asker.connect(app.url);
    asker.tell({ ask: 'begin', token: TOKEN, run: 'run' });
    await until('it is closed', () => asker.client.closed !== undefined);
    expect(asker.heard).toEqual([expect.objectContaining({ refused: 'too_many' })]);
  });

  it('takes whatever is sent to it, and the app gets nothing of it', async () => {
    const app = await start({ heartbeat: { maxPerInterval: 10_000 } });
    const asker = await Asker.begun(app.url);
    // Bytes that are no UTF-8 end a connection as text (RFC 6455 section 8.1).
    for (const { data, isBinary } of fc.sample(frames, 300))
      asker.client.socket.send(data, { binary: isBinary || !isUtf8(data) });
    expect(await asker.ask({ ask: 'echo' })).toMatchObject({ echo: true });
    expect([app.frames, app.messages]).toEqual([[], []]);
    expect(app.eventsOf('user_code_failed')).toEqual([]);
  });
});
