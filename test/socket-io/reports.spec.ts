import { describe, expect, it } from '@jest/globals';
import { WebSocketGateway } from '@nestjs/websockets';
import { Registry } from 'prom-client';

import { MemoryLogger } from '../support/app.js';
import { until } from '../support/wait.js';
import { useIoApps } from './support/io.app.js';
import { useIoClients } from './support/io.client.js';

@WebSocketGateway({ pingInterval: 250, pingTimeout: 3_000 })
class ChatGateway {}

describe('what is reported of Socket.IO', () => {
  const connect = useIoClients();
  const start = useIoApps();

  it('tells the transports apart: in the diagnostics, the metrics and the log', async () => {
    const registry = new Registry();
    const logger = new MemoryLogger();
    const { service, url, eventsOf } = await start([ChatGateway], { metrics: { registry } }, { logger });
    const polling = await connect(url, { transports: ['polling'], reconnection: false });
    await connect(url, { transports: ['websocket'] });
    await connect(url);
    const carriers = (): unknown => service.snapshot().gateways['ChatGateway']!.connections_by_transport;
    await until('the last is upgraded', () => (carriers() as { websocket?: number }).websocket === 2);
    expect(carriers()).toEqual({ websocket: 2, polling: 1 });
    expect(await registry.getSingleMetricAsString('ws_connections_by_transport')).toContain(
      'ws_connections_by_transport{gateway="ChatGateway",transport="polling"} 1',
    );
    polling.socket.disconnect();
    await until('it is gone', () => eventsOf('closed').length === 1);
    expect(carriers()).toEqual({ websocket: 2 });
    expect(logger.lines.map(({ message }) => message)).toContainEqual(
      expect.objectContaining({ type: 'closed', transport: 'polling', recovered: false }),
    );
  });

  it('counts its heartbeats and their latency like any other', async () => {
    const { service, url } = await start([ChatGateway]);
    await connect(url, { transports: ['websocket'] });
    await until('some are answered', () => service.snapshot().heartbeat.sent_total >= 2);
    expect(service.snapshot().heartbeat).toMatchObject({
      timeouts_total: 0,
      latency_ms: { p50: expect.any(Number) },
    });
  });
});
