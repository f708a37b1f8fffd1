import { describe, expect, it } from '@jest/globals';
import { WebSocketGateway } from '@nestjs/websockets';

import { useIoChildren } from '../socket-io/support/child.js';
import { useIoApps } from '../socket-io/support/io.app.js';
import { stallAllowanceMs } from '../support/stalls.js';
import { until } from '../support/wait.js';

const [INTERVAL, TIMEOUT, GRACE] = [400, 250, 300];
/** For a machine that others keep busy. */
const SLACK = 2_500;

@WebSocketGateway({ pingInterval: INTERVAL, pingTimeout: TIMEOUT })
class ChatGateway {}

describe.each(['observe', 'govern'] as const)('a frozen Socket.IO client, mode %s', (mode) => {
  const connect = useIoChildren();
  const start = useIoApps();

  it.each([
    ['websocket', 'silent'],
    ['polling', 'unknown'],
  ] as const)('is gone within the bound on %s, as a ghost', async (transport, ghost) => {
    const app = await start([ChatGateway], {
      heartbeat: { intervalMs: INTERVAL, timeoutMs: TIMEOUT },
      sweep: { closeTimeoutMs: GRACE },
      socketIo: { mode },
    });
    const { service, eventsOf } = app;
    const child = await connect(app.url, transport);
    await until('it has answered', () => service.connections()[0]?.latencyMs !== undefined);
    expect(service.connections()).toMatchObject([{ transport, missed: 0 }]);
    const frozenAt = performance.now();
    child.freeze();
    await until('it is found', () => service.connections()[0]?.state !== 'open');
    // Interval, timeout and a tick; a closing one is counted until its socket is gone.
    const bound = INTERVAL + TIMEOUT + 40 + stallAllowanceMs(app, TIMEOUT);
    expect(performance.now() - frozenAt).toBeLessThan(bound + SLACK);
    await until('it is gone', () => eventsOf('closed').length === 1);
    expect(performance.now() - frozenAt).toBeLessThan(bound + GRACE + SLACK);
    expect(eventsOf('missed')).toMatchObject([{ ghost, connection: { missed: 1 } }]);
    expect(eventsOf('closed')).toMatchObject([{ reason: 'timeout', ghost, evidence: { hasAnswered: true } }]);
    expect(service.snapshot()).toMatchObject({ total_connections: 0 });
  });
});
