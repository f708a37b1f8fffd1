import { EventEmitter } from 'node:events';

import { describe, expect, it } from '@jest/globals';

import type { EngineServer } from '../../lib/transport/engine-io.internals.js';
import { isIoServer, isNamespace, refuseHandshakes } from '../../lib/transport/socket-io.server.js';
import { SocketIoDriver } from '../../lib/transport/socket-io.driver.js';

const nothing = (): void => undefined;
const PINGS = { pingInterval: 1, pingTimeout: 1 };

function makeServer(engine?: object): object {
  return Object.assign(new EventEmitter(), { of: nothing, sockets: {}, engine });
}

describe('a Socket.IO server is told by its shape', () => {
  it('when it has an engine, and by a namespace of it', () => {
    const server = makeServer({ clients: {}, opts: PINGS });
    const namespace = Object.assign(new EventEmitter(), { name: '/game', server, sockets: new Map() });
    expect([isIoServer(server), isNamespace(namespace)]).toEqual([true, true]);
    expect([isNamespace(server), isIoServer(namespace)]).toEqual([false, false]);
    expect(new SocketIoDriver().rootOf(namespace)).toBe(server);
  });

  it.each([undefined, null, 'text', {}, new Map(), makeServer(), makeServer({ clients: {} })])(
    'and not by %p',
    (value) => {
      expect([isIoServer(value), isNamespace(value)]).toEqual([false, false]);
    },
  );

  it('cannot be governed where its engine keeps no list of clients or no times', () => {
    const driver = new SocketIoDriver();
    expect(driver.ungovernable(makeServer({ clients: {}, opts: PINGS }))).toBeUndefined();
    expect(driver.ungovernable(makeServer({ clients: {}, opts: {} }))).toContain('pingInterval');
    expect(driver.ungovernable(makeServer({ opts: PINGS }))).toContain('list of clients');
  });
});

describe('an engine that knows no middlewares', () => {
  it('refuses handshakes by its option, and has its own again afterwards', () => {
    const engine = { opts: { ...PINGS, allowRequest: nothing } } as unknown as EngineServer;
    const undo = refuseHandshakes(engine, 5);
    const answers: unknown[] = [];
    engine.opts.allowRequest!({} as never, (...answer) => answers.push(answer));
    expect(answers).toEqual([['Service Unavailable', false]]);
    undo();
    expect(engine.opts.allowRequest).toBe(nothing);
  });
});
