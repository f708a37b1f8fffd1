import { describe, expect, it } from '@jest/globals';

import { sleep, until } from '../support/wait.js';
import { Asker } from './support/asker.js';
import { TOKEN, useAudited } from './support/audited.app.js';

const start = useAudited();
const QUICK = { heartbeat: { intervalMs: 200, timeoutMs: 100 } };

describe('a connection that has proven the token', () => {
  it('sees protocol pings both ways by their payload', async () => {
    const app = await start(QUICK);
    const asker = await Asker.begun(app.url);
    expect(await asker.ask({ ask: 'saw', nonce: 'mine' })).toMatchObject({ saw: false });
    asker.client.socket.ping('mine');
    expect(await asker.ask({ ask: 'saw', nonce: 'mine' })).toMatchObject({ saw: true });
    expect(await asker.ask({ ask: 'ping', nonce: 'yours', waitMs: 1_000 })).toMatchObject({ pong: true });
    asker.client.socket.pause();
    const id = asker.tell({ ask: 'ping', nonce: 'later', waitMs: 100 });
    await sleep(400);
    asker.client.socket.resume();
    const answer = (): unknown => asker.heard.find((message) => message['id'] === id);
    await until('the gateway has given up', () => answer() !== undefined);
    expect(answer()).toMatchObject({ pong: false });
  });

  it('learns on another connection what has become of it', async () => {
    const app = await start();
    const [one, other, third, control] = await Promise.all([1, 2, 3, 4].map(() => Asker.begun(app.url)));
    expect(await control!.fateOf(one!.session)).toEqual({ state: 'open' });
    one!.client.socket.close(4900, 'bye');
    other!.tell({ ask: 'close', code: 4901, reason: 'go' });
    third!.client.socket.terminate();
    await until('all are gone', () => app.service.connections().length === 1);
    expect(await control!.fateOf(one!.session)).toMatchObject({
      state: 'closed',
      code: 4900,
      reason: 'bye',
      by: 'peer',
    });
    expect(await control!.fateOf(other!.session)).toMatchObject({
      state: 'closed',
      code: 4901,
      by: 'gateway',
    });
    expect(await control!.fateOf(third!.session)).toMatchObject({
      state: 'closed',
      code: 1006,
      by: 'nobody',
    });
    expect(await control!.fateOf('no such session')).toEqual({ state: 'unknown' });
  });

  it('tells an end that the app began from one that came from outside', async () => {
    const app = await start();
    const one = await Asker.begun(app.url);
    const control = await Asker.begun(app.url);
    app.sockets[0]!.close(4401, 'too late');
    await until('it is closed', () => one.client.closed !== undefined);
    expect(await control.fateOf(one.session)).toMatchObject({ code: 4401, by: 'gateway' });
  });

  it('ends what is left of its run, and nothing of another', async () => {
    const app = await start();
    const [one, two, stranger] = await Promise.all(['a', 'a', 'b'].map((run) => Asker.begun(app.url, run)));
    await two!.ask({ ask: 'quiet', ms: 60_000 });
    expect(await one!.ask({ ask: 'end' })).toMatchObject({ ended: 1 });
    await until('the other is closed', () => two!.client.closed !== undefined);
    expect(two!.client.closed).toMatchObject({ code: 1000 });
    expect([one!.client.isOpen, stranger!.client.isOpen]).toEqual([true, true]);
  });

  it('that is handed to another client serves it as a new session', async () => {
    const app = await start();
    const [asker, control] = await Promise.all([Asker.begun(app.url), Asker.begun(app.url)]);
    const { begun } = (await asker.ask({ ask: 'begin', token: TOKEN, run: 'run' })) as {
      begun: { session: string; reusedFrom: string };
    };
    expect(begun.reusedFrom).toBe(asker.session);
    expect(await control.fateOf(asker.session)).toEqual({ state: 'handed_on', to: begun.session });
    expect(await control.fateOf(begun.session)).toEqual({ state: 'open' });
  });

  it('sends a message of the size asked for, and none that is too large', async () => {
    const app = await start();
    const asker = await Asker.begun(app.url);
    let bytes = 0;
    asker.client.socket.on('message', (data, isBinary) => {
      if (isBinary) bytes = (data as Buffer).byteLength;
    });
    asker.tell({ ask: 'frame', bytes: 70_000 });
    await until('it has come', () => bytes === 70_000);
    asker.tell({ ask: 'frame', bytes: 16 * 1024 * 1024 + 1 });
    await until('it is refused', () => asker.heard.length === 2);
    expect(asker.heard[1]).toEqual({ type: 'server_audit', refused: 'malformed' });
  });

  it('gets no more large messages than wait to be read, and is told of those it does not get', async () => {
    const app = await start();
    const asker = await Asker.begun(app.url);
    const { socket } = asker.client;
    socket.pause();
    for (let frame = 0; frame < 20; frame++) asker.tell({ ask: 'frame', bytes: 16 * 1024 * 1024 });
    await until('all are on their way', () => socket.bufferedAmount === 0);
    await until('the first waits', () => app.sockets[0]!.bufferedAmount > 0);
    await sleep(300);
    expect(app.sockets[0]!.bufferedAmount).toBeLessThan(18 * 1024 * 1024);
    let frames = 0;
    socket.on('message', (_data, isBinary) => void (frames += isBinary ? 1 : 0));
    socket.resume();
    const refused = (): unknown[] => asker.heard.filter((message) => message['refused'] === 'too_many');
    await until('all are answered', () => frames + refused().length === 20);
    expect(refused().length).toBeGreaterThan(0);
  });
});
