import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import { describe, expect, it } from '@jest/globals';
import { WebSocketGateway, WebSocketServer } from '@nestjs/websockets';
import type { Namespace, Server } from 'socket.io';

import { useIoApps } from '../socket-io/support/io.app.js';
import { useIoClients } from '../socket-io/support/io.client.js';
import { sleep, until } from '../support/wait.js';
import { socketIo } from './support/socket-io.subject.js';
import { useStage, type Stage } from './support/stage.js';

/** With the proportions of Engine.IO's defaults: a client waits for less than two intervals. */
const TEMPO = { intervalMs: 1_000, timeoutMs: 800 };

/** What the suite's clients of the mode `govern` do not have: they leave when a ping is late. */
function useHurriedServers(): Pick<Stage, 'start' | 'listen' | 'peers'> {
  const stage = useStage(socketIo('websocket', 'govern'));
  const hurried = useStage(socketIo('websocket', 'observe'));
  return { ...stage, listen: hurried.listen };
}

describe('a Socket.IO server that is watched for a while, in mode govern', () => {
  const stage = useHurriedServers();

  it('loses no client to the beginning or the end of it', async () => {
    const { service, eventsOf } = await stage.start(TEMPO, { massTimeout: false });
    const foreign = await stage.listen(TEMPO);
    const { engine } = foreign.server as { engine: { clientsCount: number } };
    await stage.peers(foreign, 30);
    // Engine.IO asks all of them in a moment.
    await sleep(TEMPO.intervalMs * 0.8);
    const stopWatching = service.watch(foreign.server);
    await sleep(2.5 * TEMPO.intervalMs);
    expect(engine.clientsCount).toBe(30);
    stopWatching();
    await sleep(2.5 * TEMPO.intervalMs);
    expect(engine.clientsCount).toBe(30);
    expect(eventsOf('closed')).toEqual([]);
  }, 60_000);
});

function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
}

@WebSocketGateway({ cleanupEmptyChildNamespaces: true })
class RoomsGateway {
  @WebSocketServer() readonly server!: Server & { readonly _nsps: ReadonlyMap<string, Namespace> };

  afterInit(server: Server): void {
    server.of(/^\/room-\d+$/).on('connection', () => undefined);
  }
}

describe('dynamic namespaces', () => {
  const connect = useIoClients();
  const start = useIoApps();

  it('are let go when their last client has left', async () => {
    const running = await start([RoomsGateway]);
    const { server } = running.app.get(RoomsGateway);
    const rooms: WeakRef<Namespace>[] = [];
    for (let number = 0; number < 10; number++) {
      const name = `/room-${number}`;
      const { socket } = await connect(running.url + name, { transports: ['websocket'] });
      rooms.push(new WeakRef(server._nsps.get(name)!));
      socket.disconnect();
      await until('the room is gone', () => !server._nsps.has(name));
    }
    const isCollected = async (): Promise<boolean> => {
      await sleep(50);
      collectGarbage();
      return rooms.every((room) => room.deref() === undefined);
    };
    await until('all are collected', isCollected);
    expect(rooms).toHaveLength(10);
  });
});
