import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

import { afterEach, describe, expect, it } from '@jest/globals';
import { WebSocketServer, type WebSocket } from 'ws';

import { exceptAudits } from '../../lib/audit/gateway/except.audits.js';
import { AuditSession } from '../../lib/audit/gateway/audit.session.js';
import { AUDIT_BOUNDS } from '../../lib/audit/gateway/audit.settings.js';
import { HandshakeMemory } from '../../lib/audit/gateway/handshake.memory.js';
import { SessionBook } from '../../lib/audit/gateway/session.book.js';
import { TokenGate } from '../../lib/audit/gateway/token.gate.js';
import type { ConnectionHealthRuntime } from '../../lib/connection-health.runtime.js';
import type { ConnectionEnd } from '../../lib/connection/connection.follower.js';
import type { Connection } from '../../lib/connection/connection.js';
import { CONNECTION_HEALTH_RUNTIME } from '../../lib/connection-health.tokens.js';
import type { TestApp } from '../support/app.js';
import { Records } from '../support/records.js';
import { TestClient } from '../support/client.js';
import { until } from '../support/wait.js';
import { Asker } from './support/asker.js';
import { startAudited, TOKEN } from './support/audited.app.js';

const running: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of running.splice(0).toReversed()) await stop();
});

async function start(...args: Parameters<typeof startAudited>): ReturnType<typeof startAudited> {
  const app = await startAudited(...args);
  running.push(() => app.app.close());
  return app;
}

function upgrade(...names: string[]): IncomingMessage {
  const rawHeaders = names.flatMap((name) => [name, 'a value']);
  return { rawHeaders, headers: { 'sec-websocket-key': 'a key' } } as unknown as IncomingMessage;
}

describe('what is remembered of upgrades', () => {
  it('is the names of headers, bounded, and the key, until it is asked for', () => {
    const memory = new HandshakeMemory();
    const connection = new Records().make();
    memory.note(connection, upgrade('Host', 'host', 'X'.repeat(500)), 0);
    expect(memory.take(connection)).toEqual({ headers: ['host', 'x'.repeat(64)], key: 'a key', at: 0 });
    expect(memory.take(connection)).toBeUndefined();
    memory.note(connection, upgrade(...Array.from({ length: 500 }, (_, index) => `x-${index}`)), 0);
    expect(memory.take(connection)!.headers).toHaveLength(AUDIT_BOUNDS.headers);
  });

  it('is the latest thousand, for half a minute', () => {
    const [memory, records] = [new HandshakeMemory(), new Records()];
    const connections = Array.from({ length: 1_500 }, () => records.make());
    for (const connection of connections) memory.note(connection, upgrade('Host'), 10);
    expect(memory.size).toBe(1_000);
    expect(memory.take(connections[0]!)).toBeUndefined();
    expect(memory.take(connections[1_499]!)).toBeDefined();
    memory.forgetOld(30_010);
    expect(memory.size).toBe(999);
    memory.forgetOld(30_011);
    expect(memory.size).toBe(0);
  });
});

describe('the gate', () => {
  it('lets so many in within a minute, and looks at none after some wrong ones', () => {
    const gate = new TokenGate(TOKEN);
    for (let session = 0; session < AUDIT_BOUNDS.sessionsPerMinute; session++)
      expect(gate.check(TOKEN, session)).toBeUndefined();
    expect(gate.check(TOKEN, 59_999)).toBe('rate_limited');
    expect(gate.check(TOKEN, 60_000)).toBeUndefined();
    const wrong = Array.from({ length: 7 }, () => gate.check(`${TOKEN}!`, 70_000));
    expect(wrong).toEqual([...Array<string>(5).fill('token'), 'rate_limited', 'rate_limited']);
    expect(gate.check(TOKEN, 129_999)).toBe('rate_limited');
    expect(gate.check(TOKEN, 130_000)).toBeUndefined();
    expect(gate.check(undefined, 130_000)).toBe('token');
  });
});

describe('the book of sessions', () => {
  it('remembers only the latest that have ended, and all that are open', () => {
    const [book, records] = [new SessionBook(), new Records()];
    for (let number = 0; number < 1_000; number++) {
      const connection = records.make();
      const session = new AuditSession(`s${number}`, 'run', connection, 0);
      book.add(connection, session);
      if (number === 0) continue;
      session.end = { state: 'handed_on', to: 'nobody' };
      book.end(connection, session);
    }
    expect([...book].map(({ id }) => id)).toEqual(['s0']);
    expect([book.withId('s0') === undefined, book.withId('s1'), book.withId('s999') === undefined]).toEqual([
      false,
      undefined,
      false,
    ]);
  });
});

describe('the findings about clients', () => {
  it('do not hear how a connection of an audit ends', async () => {
    const heard: string[] = [];
    const follower = {
      opened: () => void heard.push('opened'),
      closing: () => void heard.push('closing'),
      closed: () => void heard.push('closed'),
      forgotten: () => void heard.push('forgotten'),
    };
    const [owned, other] = [{}, {}] as [Connection, Connection];
    const [watching] = exceptAudits([follower], { owns: (connection) => connection === owned });
    for (const connection of [owned, other]) {
      watching!.opened?.(connection);
      watching!.closing?.(connection);
      watching!.closed?.(connection, {} as ConnectionEnd);
    }
    expect(heard).toEqual(['opened', 'opened', 'closing', 'closed']);
    expect(exceptAudits([follower], undefined)).toEqual([follower]);
  });
});

describe('a session', () => {
  it('may have some pings under way, and no more', async () => {
    const app = await start();
    const asker = await Asker.begun(app.url);
    asker.client.socket.removeAllListeners('ping');
    asker.client.socket.pause();
    for (let ping = 0; ping < 10; ping++) asker.tell({ ask: 'ping', nonce: `n${ping}`, waitMs: 400 });
    await until('the gateway has given up on them', async () => {
      await new Promise((resolve) => setTimeout(resolve, 800));
      asker.client.socket.resume();
      return asker.heard.length === 11;
    });
    expect(asker.heard.filter((message) => message['refused'] === 'too_many')).toHaveLength(2);
    expect(asker.heard.filter((message) => message['pong'] === false)).toHaveLength(8);
  });

  it('does not begin inside a message of the app', async () => {
    const app = await start();
    const asker = await Asker.connect(app.url);
    await until('the app knows it', () => app.sockets.length === 1);
    app.sockets[0]!.send('half', { fin: false });
    asker.tell({ ask: 'begin', token: TOKEN, run: 'run' });
    await until('it is closed', () => asker.client.closed !== undefined);
    expect(asker.client.closed).toMatchObject({ code: 1008 });
    expect(asker.heard).toEqual([]);
  });

  it('that is cut does not count among the clients that were', async () => {
    const app = await start();
    const asker = await Asker.begun(app.url);
    const client = await TestClient.connect(app.url);
    for (const { socket } of [asker.client, client]) socket.terminate();
    await until('both are gone', () => app.eventsOf('closed').length === 2);
    const { leaks } = app.app.get<ConnectionHealthRuntime>(CONNECTION_HEALTH_RUNTIME, { strict: false });
    expect(leaks!.cuts.recent(60_000)).toHaveLength(1);
  });

  it('gives the app its socket back where that outlives us', async () => {
    const app: TestApp = await startAudited({ drain: false });
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
    running.push(() => server.close());
    const sockets: WebSocket[] = [];
    server.on('connection', (socket) => sockets.push(socket));
    app.service.watch(server, { name: 'own' });
    await until('it listens', () => server.address() !== null);
    const asker = await Asker.begun(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`);
    sockets[0]!.send('while audited');
    await app.app.close();
    expect(Object.hasOwn(sockets[0]!, 'send')).toBe(false);
    sockets[0]!.send('afterwards');
    await until('the client has it', () => asker.client.messages.includes('afterwards'));
    expect(asker.client.messages).not.toContain('while audited');
    sockets[0]!.terminate();
  });
});
