import { once } from 'node:events';

import { afterEach, describe, expect, it } from '@jest/globals';
import type { INestApplication } from '@nestjs/common';
import { decode, encode } from '@msgpack/msgpack';
import { WsAdapter } from '@nestjs/platform-ws';
import { WebSocket, type ClientOptions } from 'ws';

import type { TestApp } from '../support/app.js';
import { useApps } from '../support/apps.js';
import { stallAllowanceMs } from '../support/stalls.js';
import { sleep, until } from '../support/wait.js';
import {
  binaryParser,
  Envelope,
  envelopeOf,
  MsgpackGateway,
  ProtobufGateway,
} from '../wires/binary.gateways.js';

const HEARTBEAT = { intervalMs: 400, timeoutMs: 250 };
const SLACK_MS = 900;

interface Speech {
  readonly path: string;
  readonly gateway: typeof MsgpackGateway | typeof ProtobufGateway;
  /** The time that a ping of ours names. */
  readonly pingOf: (data: Buffer) => number | undefined;
  readonly pong: (ts: number) => Uint8Array;
  readonly chat: (text: string) => Uint8Array;
  readonly chatOf: (data: Buffer) => unknown;
}

const msgpack: Speech = {
  path: '/msgpack',
  gateway: MsgpackGateway,
  pingOf: (data) => {
    const message = decode(data) as { event: string; data: number };
    return message.event === 'ping' ? message.data : undefined;
  },
  pong: (ts) => encode({ event: 'pong', data: ts }),
  chat: (text) => encode({ event: 'chat', data: text }),
  chatOf: (data) => (decode(data) as { data: unknown }).data,
};

const proto: Speech = {
  path: '/protobuf',
  gateway: ProtobufGateway,
  pingOf: (data) => {
    const body = envelopeOf(data);
    return Object.hasOwn(body, 'ping') ? body.ping : undefined;
  },
  pong: (pong) => Envelope.encode({ pong }).finish(),
  chat: (chat) => Envelope.encode({ chat }).finish(),
  chatOf: (data) => envelopeOf(data).chat,
};

function adapterFor(app: INestApplication): WsAdapter {
  return new WsAdapter(app, { messageParser: binaryParser });
}

describe.each([
  ['MessagePack', msgpack],
  ['Protobuf', proto],
])('a gateway that speaks %s, with a codec of two functions', (_name, speech) => {
  const sockets: WebSocket[] = [];
  afterEach(() => sockets.splice(0).forEach((socket) => socket.terminate()));
  const start = useApps();

  function boot(): Promise<TestApp> {
    const options = { heartbeat: HEARTBEAT, sweep: { closeTimeoutMs: 300 } };
    return start([MsgpackGateway, ProtobufGateway], options, { adapter: adapterFor });
  }

  async function connect(
    running: TestApp,
    protocols: string[] = [],
    options: ClientOptions = {},
  ): Promise<{ socket: WebSocket; pings: number[]; chats: unknown[] }> {
    const socket = new WebSocket(running.url + speech.path, protocols, options);
    sockets.push(socket);
    const [pings, chats]: [number[], unknown[]] = [[], []];
    socket.on('error', () => undefined);
    socket.on('message', (data: Buffer) => {
      const ts = speech.pingOf(data);
      if (ts === undefined) chats.push(speech.chatOf(data));
      else {
        pings.push(ts);
        socket.send(speech.pong(ts));
      }
    });
    await once(socket, 'open');
    return { socket, pings, chats };
  }

  it('asks and is answered in binary, hides that, and hands the rest to the handlers', async () => {
    const running = await boot();
    const gateway = running.app.get<MsgpackGateway | ProtobufGateway>(speech.gateway);
    const { socket, pings, chats } = await connect(running);
    socket.send(speech.chat('hello'));
    await until('it has answered often', () => pings.length >= 4);
    socket.send(speech.chat('you'));
    await until('it is heard', () => chats.length === 2);
    expect(chats).toEqual(['hello', 'you']);
    expect(gateway.handled).toEqual(['hello', 'you']);
    expect(gateway.raw.map((data) => speech.chatOf(data))).toEqual(['hello', 'you']);
    expect(running.service.connections()).toMatchObject([{ latencyMs: expect.any(Number), missed: 0 }]);
    expect(running.eventsOf('missed')).toEqual([]);
  }, 60_000);

  it('leaves what its codec cannot read to the app, and goes on', async () => {
    const running = await boot();
    const gateway = running.app.get<MsgpackGateway | ProtobufGateway>(speech.gateway);
    const { socket, pings } = await connect(running);
    // No MessagePack and no Protobuf: the codec throws.
    const broken = Buffer.from([0xc1, 0xff, 0xff]);
    socket.send(broken);
    await until('it has arrived', () => gateway.raw.length === 1);
    expect(gateway.raw[0]).toEqual(broken);
    await until('it is asked on', () => pings.length >= 2);
    expect(socket.readyState).toBe(WebSocket.OPEN);
  }, 60_000);

  it('keeps the subprotocol that the gateway chose', async () => {
    const running = await boot();
    const gateway = running.app.get<MsgpackGateway | ProtobufGateway>(speech.gateway);
    const chosen: string[] = [];
    for (const protocols of [['chat.v1'], ['chat.v1', 'chat.v2'], []]) {
      const { socket } = await connect(running, protocols);
      chosen.push(socket.protocol);
    }
    expect(chosen).toEqual(['chat.v1', 'chat.v2', '']);
    expect(gateway.protocols).toEqual(chosen);
  }, 60_000);

  it('beats between compressed messages without disturbing their shared context', async () => {
    const running = await boot();
    const { socket, pings, chats } = await connect(running, [], { perMessageDeflate: { threshold: 0 } });
    expect(socket.extensions).toBe('permessage-deflate');
    const sent: string[] = [];
    // Both directions keep their window: one frame more or less in it, and the next cannot be inflated.
    while (pings.length < 4) {
      sent.push(`${'the same again '.repeat(20)}${sent.length}`);
      socket.send(speech.chat(sent.at(-1)!));
      await sleep(40);
    }
    await until('all are back', () => chats.length === sent.length);
    expect(chats).toEqual(sent);
    expect(socket.readyState).toBe(WebSocket.OPEN);
  }, 60_000);

  it('closes a client that stands still within the bound, also a compressed one', async () => {
    const running = await boot();
    const all = [await connect(running), await connect(running, [], { perMessageDeflate: true })];
    await until('both have answered', () => all.every(({ pings }) => pings.length > 0));
    const frozenAt = performance.now();
    for (const { socket } of all) socket.pause();
    await until('both are missed', () => running.eventsOf('missed').length === 2);
    expect(performance.now() - frozenAt).toBeLessThan(
      HEARTBEAT.intervalMs +
        HEARTBEAT.timeoutMs +
        40 +
        SLACK_MS +
        stallAllowanceMs(running, HEARTBEAT.timeoutMs),
    );
    await until('both are gone', () => running.eventsOf('closed').length === 2);
    expect(running.eventsOf('closed').map(({ reason }) => reason)).toEqual(['timeout', 'timeout']);
  }, 60_000);
});
