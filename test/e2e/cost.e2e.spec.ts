import { describe, expect, it } from '@jest/globals';
import { WebSocketGateway } from '@nestjs/websockets';

import type { ConnectionHealthRuntime } from '../../lib/connection-health.runtime.js';
import { CONNECTION_HEALTH_RUNTIME } from '../../lib/connection-health.tokens.js';
import { useApps } from '../support/apps.js';
import { TestClient } from '../support/client.js';
import { until } from '../support/wait.js';

@WebSocketGateway()
class QuietGateway {}

type Handle = Record<string, (...args: unknown[]) => unknown>;

const WRITES = ['writev', 'writeBuffer', 'writeUtf8String', 'writeLatin1String', 'writeAsciiString'];

/** Counts what a TCP handle is asked to write. */
function countWrites(handle: Handle): () => number {
  let count = 0;
  for (const name of WRITES) {
    const original = handle[name]!;
    handle[name] = function (...args) {
      count++;
      return original.apply(this, args);
    };
  }
  return () => count;
}

describe('the cost of a beat on a real socket', () => {
  const start = useApps();

  it('is one write, for the heartbeat and the protocol ping that rides with it', async () => {
    const { app, url } = await start([QuietGateway], { heartbeat: { intervalMs: 200 } });
    const runtime = app.get<ConnectionHealthRuntime>(CONNECTION_HEALTH_RUNTIME);
    const client = await TestClient.connect(url);
    await until('it is tracked', () => runtime.registry.size === 1);
    const [connection] = runtime.registry;
    const writes = countWrites((connection!.raw as unknown as { _handle: Handle })._handle);
    const { tally } = connection!.server;
    const before = { beats: tally.heartbeatsSent, pings: client.protocolPings };
    await until('it has beaten a few times', () => client.protocolPings - before.pings >= 5);
    expect(writes()).toBe(tally.heartbeatsSent - before.beats);
  });

  it('begins with no object that Node keeps for the address of a socket', async () => {
    const { app, url, service } = await start([QuietGateway]);
    const runtime = app.get<ConnectionHealthRuntime>(CONNECTION_HEALTH_RUNTIME);
    await TestClient.connect(url);
    await until('it is tracked', () => runtime.registry.size === 1);
    const [connection] = runtime.registry;
    expect(service.connections()[0]!.address).toBe('127.0.0.1');
    expect((connection!.raw as { _peername?: object })._peername).toBeUndefined();
  });
});
