import { describe, expect, it } from '@jest/globals';
import { jsonCodec, type HealthyWebSocketOptions } from 'nestjs-connection-health/client';

import { useClients, type RecordedClient } from './support/clients.js';
import { useFakePage } from './support/fake.page.js';
import { fakeSockets, type FakeSocket } from './support/fake.socket.js';
import { useFakeTime } from './support/fake.time.js';

type Act = () => void;

/** Every place where code of the app runs within ours. */
const CALLBACKS: Record<string, (act: Act) => HealthyWebSocketOptions> = {
  state: (act) => ({ state: () => (act(), 'busy') }),
  'state, before it throws': (act) => ({
    state: () => {
      act();
      throw new Error('no state');
    },
  }),
  authenticate: (act) => ({ authenticate: async () => act() }),
  'a refused login': (act) => ({
    authenticate: () => {
      act();
      throw new Error('wrong password');
    },
  }),
  reconnect: (act) => ({ reconnect: () => (act(), 'now') }),
  'the codec, reading': (act) => ({ codec: { ...jsonCodec, read: (data) => (act(), jsonCodec.read(data)) } }),
  'the codec, which takes nothing': (act) => ({
    codec: {
      ...jsonCodec,
      read(data) {
        const found = jsonCodec.read(data);
        if (found === undefined) act();
        return found;
      },
    },
  }),
  'the codec, writing': (act) => ({
    codec: { ...jsonCodec, write: (data) => (act(), jsonCodec.write(data)) },
  }),
};
const EVENTS = ['open', 'message', 'error', 'close', 'drop'] as const;

/** Ends the client once, and remembers what it had told by then. */
function closer(find: () => RecordedClient): {
  readonly act: Act;
  readonly told: () => string[] | undefined;
} {
  let told: string[] | undefined;
  return {
    act: () => {
      if (told !== undefined) return;
      told = find().story;
      find().socket.close();
    },
    told: () => told,
  };
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < 6; turn++) await Promise.resolve();
}

describe.each([
  ['later, as the standard says', false],
  ['within close()', true],
])('code of the app that runs within the client, on sockets that tell of their end %s,', (_when, isEager) => {
  const time = useFakeTime();
  const page = useFakePage();
  const connect = useClients();

  /** A life with everything in it: a full queue, a heartbeat, a message, an error, a loss, a second connection. */
  async function live(client: RecordedClient, sockets: FakeSocket[]): Promise<void> {
    const { socket } = client;
    for (const text of ['one', 'two']) if (socket.readyState < 2) socket.send(text);
    for (let round = 0; round < 2; round++) {
      await settle();
      const current = sockets.at(-1)!;
      current.open();
      await settle();
      for (const message of [{ type: 'server_ping', ts: 1, interval: 30_000 }, 'chat'])
        if (current.readyState === 1) current.receive(message);
      current.fail(new Error('broken frame'));
      current.end();
      await settle();
      time().advance(2_000);
    }
    await settle();
  }

  function start(options: HealthyWebSocketOptions, url: string | (() => string) = 'ws://server') {
    const made = fakeSockets((socket) => (socket.isEager = isEager));
    const client = connect(url, { WebSocket: made.WebSocket, queue: { maxMessages: 1 }, ...options });
    return { client, sockets: made.sockets };
  }

  async function expectEnded(
    client: RecordedClient,
    sockets: FakeSocket[],
    storyAt: string[],
  ): Promise<void> {
    for (const socket of sockets) socket.end();
    await settle();
    const after = client.story.slice(storyAt.length);
    expect(after.filter((type) => type === 'open' || type === 'message')).toEqual([]);
    const { story } = client;
    expect(story.filter((type) => type === 'end')).toEqual(['end']);
    expect(story.slice(story.indexOf('end') + 1).filter((type) => type !== 'drop')).toEqual([]);
    expect(client.socket.readyState).toBe(3);
    expect(time().pending).toBe(0);
    expect(page().listeners.size).toBe(0);
    const { length } = sockets;
    const events = client.story.length;
    time().advance(1e6);
    await settle();
    expect([sockets.length, client.story.length, time().pending]).toEqual([length, events, 0]);
  }

  it.each(Object.keys(CALLBACKS))(
    'may end it in %s: nothing is left, and nothing is told any more',
    async (name) => {
      const { act, told } = closer(() => client);
      const { client, sockets } = start(CALLBACKS[name]!(act));
      await live(client, sockets);
      expect(told()).toBeDefined();
      await expectEnded(client, sockets, told()!);
    },
  );

  it('may end it in the function that gives the url', async () => {
    let asked = 0;
    const { act, told } = closer(() => client);
    const { client, sockets } = start({}, () => {
      if (++asked === 2) act();
      return 'ws://server';
    });
    await live(client, sockets);
    expect(told()).toBeDefined();
    await expectEnded(client, sockets, told()!);
    expect(sockets).toHaveLength(1);
  });

  it('may end it in a subscription', async () => {
    const { act, told } = closer(() => client);
    const { client, sockets } = start({});
    client.socket.subscribe('last', () => (act(), 'never'));
    await live(client, sockets);
    await expectEnded(client, sockets, told()!);
    expect(sockets[0]!.sent).toEqual([]);
  });

  it.each(EVENTS)('may end it in a listener of `%s`', async (type) => {
    const { act, told } = closer(() => client);
    const { client, sockets } = start({});
    client.socket.addEventListener(type, act);
    await live(client, sockets);
    expect(told()).toBeDefined();
    await expectEnded(client, sockets, told()!);
  });

  it.each(EVENTS)(
    'may send and subscribe in a listener of `%s`: in order, and nothing twice',
    async (type) => {
      const { client, sockets } = start({ queue: { maxMessages: 3 } });
      let number = 0;
      client.socket.addEventListener(
        type,
        () => {
          client.socket.send(`sent ${++number}`);
          client.socket.subscribe(`key ${number}`, `subscribed ${number}`);
        },
        { once: true },
      );
      if (type === 'drop') for (const text of ['a', 'b', 'c']) client.socket.send(text);
      await live(client, sockets);
      await settle();
      sockets.at(-1)!.open();
      await settle();
      for (const { sent } of sockets) {
        const own = sent.map(String).filter((frame) => !frame.startsWith('{"type":"client_'));
        expect(new Set(own).size).toBe(own.length);
      }
      const all = sockets.flatMap(({ sent }) => sent.map(String));
      expect(
        all.filter((frame) => frame === 'sent 1').length +
          client.of('drop').filter(({ data }) => data === 'sent 1').length,
      ).toBe(1);
      expect(sockets.at(-1)!.sent).toContain('subscribed 1');
    },
  );
});

function broken(): never {
  throw new Error('no frame');
}

describe('a codec that throws', () => {
  const time = useFakeTime();
  useFakePage();
  const connect = useClients();

  it.each(['read', 'write'] as const)('in `%s` is an error event, and the client goes on', (method) => {
    const { WebSocket, sockets } = fakeSockets();
    let isBroken = false;
    const codec = {
      read: (data: unknown) => (isBroken && method === 'read' ? broken() : jsonCodec.read(data)),
      write: (message: Parameters<typeof jsonCodec.write>[0]) =>
        isBroken && method === 'write' ? broken() : jsonCodec.write(message),
    };
    const client = connect('ws://server', { WebSocket, codec });
    sockets[0]!.open();
    const ping = { type: 'server_ping', ts: 1, interval: 30_000 };
    sockets[0]!.receive(ping);
    isBroken = true;
    sockets[0]!.receive(ping);
    expect(client.of('error')[0]!.error).toMatchObject({ message: 'no frame' });
    expect(client.isOpen).toBe(true);
    // It cannot ask, and still finds out.
    time().advance(30_000 + 2 * 5_000);
    expect(client.of('close')[0]).toMatchObject({ reason: 'dead_server' });
  });
});
