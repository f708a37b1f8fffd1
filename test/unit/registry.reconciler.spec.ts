import { describe, expect, it } from '@jest/globals';

import { Connection } from '../../lib/connection/connection.js';
import { ConnectionRegistry } from '../../lib/connection/connection.registry.js';
import { LifecycleBus } from '../../lib/lifecycle/lifecycle.bus.js';
import type { LifecycleEvent } from '../../lib/lifecycle/lifecycle.events.js';
import { RegistryReconciler, type ReconcilableServer } from '../../lib/signals/registry.reconciler.js';
import { CONNECTION } from '../../lib/transport/transport.driver.js';
import { Records } from '../support/records.js';

interface FakeSocket {
  [CONNECTION]?: unknown;
  isOpen: boolean;
}

function setUp() {
  const records = new Records();
  const registry = new ConnectionRegistry();
  const sockets = new Set<FakeSocket>();
  const events: LifecycleEvent[] = [];
  const [adopted, vanished, forgotten]: [object[], Connection[], Connection[]] = [[], [], []];
  const turns = { taken: 0 };
  const bus = new LifecycleBus(
    () => 0,
    (error) => {
      throw error;
    },
  );
  bus.events$.subscribe((event) => events.push(event));
  Object.assign(records.driver, {
    socketsOf: () => sockets,
    isOpen: (socket: FakeSocket) => socket.isOpen,
  });
  const template = records.make();
  const server = {
    ...template.server,
    name: 'TestGateway',
    driver: records.driver,
    server: {},
    adopt: (socket: object) => adopted.push(socket),
  } as ReconcilableServer;
  const reconciler = new RegistryReconciler({
    registry,
    bus,
    nextTurn: (run) => {
      turns.taken++;
      setImmediate(run);
    },
    servers: () => [server],
    vanished: (connection) => {
      vanished.push(connection);
      registry.remove(connection);
    },
    forget: (connection) => forgotten.push(connection),
  });
  /** A socket of the server with its record. */
  const open = (): { socket: FakeSocket; connection: Connection; raw: { destroyed: boolean } } => {
    const raw = { destroyed: false };
    const socket: FakeSocket = { isOpen: true };
    const connection = new Connection(registry.nextSequence(), server, socket, raw, template.peer, 0);
    socket[CONNECTION] = connection;
    registry.add(connection);
    sockets.add(socket);
    return { socket, connection, raw };
  };
  return { registry, sockets, reconciler, open, events, adopted, vanished, forgotten, turns, server };
}

describe('RegistryReconciler', () => {
  it('finds nothing where all agree', async () => {
    const { reconciler, open, events, adopted } = setUp();
    for (let count = 0; count < 3; count++) open();
    await reconciler.reconcile();
    await reconciler.reconcile();
    expect([events, adopted, reconciler.takeMended()]).toEqual([[], [], 0]);
  });

  it('tracks a socket that was twice found untracked: an app may announce it only later', async () => {
    const { reconciler, sockets, events, adopted } = setUp();
    const socket = { isOpen: true };
    sockets.add(socket);
    await reconciler.reconcile();
    expect(adopted).toEqual([]);
    await reconciler.reconcile();
    expect(adopted).toEqual([socket]);
    expect(events).toMatchObject([{ type: 'registry_mismatch', untracked: 1, vanished: 0 }]);
    expect([reconciler.takeMended(), reconciler.takeMended()]).toEqual([1, 0]);
  });

  it('gives no second record to a socket that was tracked while the others were looked at', async () => {
    const { reconciler, registry, sockets, open, adopted, events } = setUp();
    const late: FakeSocket = { isOpen: true };
    sockets.add(late);
    for (let count = 0; count < 6_000; count++) open();
    await reconciler.reconcile();
    const second = reconciler.reconcile();
    const { socket, connection } = open();
    sockets.delete(socket);
    // The record that was made meanwhile is that of the late socket.
    late[CONNECTION] = connection;
    connection.socket = late;
    expect(registry.get(connection.sequence)).toBe(connection);
    await second;
    expect([adopted, events]).toEqual([[], []]);
  });

  it('leaves alone what is closing: its end is near', async () => {
    const { reconciler, sockets, adopted } = setUp();
    sockets.add({ isOpen: false });
    await reconciler.reconcile();
    await reconciler.reconcile();
    expect(adopted).toEqual([]);
  });

  it('ends a record whose socket is gone, in the list and in truth, when it has seen that twice', async () => {
    const { reconciler, sockets, open, vanished, events } = setUp();
    const [listed, living, gone] = [open(), open(), open()];
    listed.raw.destroyed = true;
    sockets.delete(living.socket);
    sockets.delete(gone.socket);
    gone.raw.destroyed = true;
    await reconciler.reconcile();
    expect([vanished, events]).toEqual([[], []]);
    await reconciler.reconcile();
    expect(vanished).toEqual([gone.connection]);
    expect(events).toMatchObject([{ type: 'registry_mismatch', untracked: 0, vanished: 1 }]);
  });

  it('says nothing of what has ended between two looks, or in the course of the second', async () => {
    const { reconciler, registry, sockets, open, vanished, events } = setUp();
    const [between, within] = [open(), open()];
    for (const { socket, raw } of [between, within]) {
      sockets.delete(socket);
      raw.destroyed = true;
    }
    for (let count = 0; count < 6_000; count++) open();
    await reconciler.reconcile();
    registry.remove(between.connection);
    const second = reconciler.reconcile();
    registry.remove(within.connection);
    await second;
    expect([vanished, events, reconciler.takeMended()]).toEqual([[], [], 0]);
  });

  it('tracks a socket anew whose record was lost, and lets go of the lost one', async () => {
    const { reconciler, registry, open, adopted, forgotten } = setUp();
    const { socket, connection } = open();
    registry.remove(connection);
    await reconciler.reconcile();
    await reconciler.reconcile();
    expect(adopted).toEqual([socket]);
    expect(forgotten).toEqual([connection]);
  });

  it('lets others run between slices, and does not look twice at a time', async () => {
    const { reconciler, open, turns } = setUp();
    for (let count = 0; count < 12_000; count++) open();
    await Promise.all([reconciler.reconcile(), reconciler.reconcile()]);
    // Two for the sockets, two for the records.
    expect(turns.taken).toBe(4);
  });

  it('looks again after a look that failed', async () => {
    const { reconciler, sockets, server, adopted } = setUp();
    sockets.add({ isOpen: true });
    const { adopt } = server;
    server.adopt = () => {
      throw new Error('adopt');
    };
    await reconciler.reconcile();
    await expect(reconciler.reconcile()).rejects.toThrow('adopt');
    server.adopt = adopt;
    await reconciler.reconcile();
    expect(adopted).toHaveLength(1);
  });
});
