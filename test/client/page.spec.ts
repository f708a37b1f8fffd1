import { describe, expect, it } from '@jest/globals';

import { useClients } from './support/clients.js';
import { fakeSockets } from './support/fake.socket.js';
import { useFakePage } from './support/fake.page.js';
import { useFakeTime } from './support/fake.time.js';

const INTERVAL = 30_000;
const GRACE = 5_000;

/** In Node, with the globals of a page; `browser/` has the real ones. */
describe('a client in a page', () => {
  const time = useFakeTime();
  const page = useFakePage();
  const connect = useClients();

  /** A client with a connection to a server of ours. */
  function start() {
    const { WebSocket, sockets } = fakeSockets();
    const client = connect('ws://server', { WebSocket, backoff: { initialMs: 1_000, maxMs: 30_000 } });
    sockets[0]!.open();
    sockets[0]!.receive({ type: 'server_ping', ts: 1, interval: INTERVAL });
    const sent = (): string[] => sockets.at(-1)!.sent.map(String);
    const questions = (): number => sent().filter((frame) => frame.includes('client_ping')).length;
    return { client, sockets, sent, questions };
  }

  it.each(['visible', 'hidden'])('says in its answers that the page is %s', (state) => {
    page().document.visibilityState = state;
    const { sent } = start();
    expect(sent()).toEqual([`{"type":"client_pong","ts":1,"state":"${state}"}`]);
  });

  it.each(['online', 'offline', 'pageshow', 'visibilitychange', 'resume'])(
    'asks the server at once after `%s`, and leaves one that does not answer',
    (type) => {
      const { client, questions } = start();
      time().advance(10_000);
      page().tell(type);
      expect(questions()).toBe(1);
      time().advance(GRACE - 1);
      expect(client.of('close')).toEqual([]);
      time().advance(1);
      expect(client.of('close')[0]).toMatchObject({ code: 1006, reason: 'dead_server' });
    },
  );

  it('stays when the server answers, and asks no more often than once a grace', () => {
    const { client, sockets, questions } = start();
    time().advance(10_000);
    for (let wakes = 0; wakes < 100; wakes++) {
      page().tell('visibilitychange');
      sockets[0]!.receive({ type: 'server_pong', ts: time().now });
      time().advance(100);
    }
    expect(questions()).toBe(2);
    time().advance(INTERVAL);
    expect(client.of('close')).toEqual([]);
  });

  it('asks nothing when the page is hidden, nor a server that has never spoken our wire', () => {
    const { questions } = start();
    page().document.visibilityState = 'hidden';
    time().advance(10_000);
    page().tell('visibilitychange');
    expect(questions()).toBe(0);

    page().document.visibilityState = 'visible';
    const { WebSocket, sockets } = fakeSockets();
    connect('ws://server', { WebSocket, intervalMs: INTERVAL });
    sockets[0]!.open();
    time().advance(10_000);
    page().tell('visibilitychange');
    expect(sockets[0]!.sent).toEqual([]);
  });

  it('waits for a network where there is none, and then comes back within the first pause', () => {
    const { client, sockets, sent } = start();
    time().advance(10_000);
    page().goOffline();
    sockets[0]!.end();
    expect(client.of('close')[0]!.willReconnect).toBe(true);
    time().advance(3_600_000);
    expect(sockets).toHaveLength(1);
    // Nothing to wait for: no timer either.
    expect(time().pending).toBe(0);
    page().tell('visibilitychange');
    page().tell('online');
    time().advance(60_000);
    expect(sockets).toHaveLength(1);
    page().goOnline();
    time().advance(1_000);
    expect(sockets).toHaveLength(2);
    sockets[1]!.open();
    const [resume] = sent();
    expect(JSON.parse(resume!)).toMatchObject({ type: 'client_resume', reason: 'offline', attempts: 1 });
    expect((JSON.parse(resume!) as { offlineMs: number }).offlineMs).toBeGreaterThanOrEqual(3_660_000);
  });

  it('never comes back when it was closed while it waited for a network', async () => {
    const { client, sockets } = start();
    page().goOffline();
    sockets[0]!.end();
    time().advance(60_000);
    client.socket.close();
    await Promise.resolve();
    expect(client.story.slice(-2)).toEqual(['close', 'end']);
    page().goOnline();
    time().advance(60_000);
    expect(sockets).toHaveLength(1);
    expect(page().listeners.size).toBe(0);
  });

  it('keeps a living connection although the timers of a hidden page come a minute late, again and again', () => {
    page().document.visibilityState = 'hidden';
    const { client, sockets } = start();
    for (let minutes = 0; minutes < 30; minutes++) {
      // Chrome runs the timers of a page that has been hidden for long once a minute; messages arrive all the time.
      time().stall(30_000);
      sockets[0]!.receive({ type: 'server_ping', ts: 2, interval: INTERVAL });
      time().stall(30_000);
      time().advance(0);
      sockets[0]!.receive({ type: 'server_ping', ts: 2, interval: INTERVAL });
    }
    expect(client.story).toEqual(['open']);
  });
});
