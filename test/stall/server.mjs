// A Nest app in a process of its own, so that it can be stalled and stopped without stalling its clients.
// Arguments: the module's options, and those of the gateway, as JSON. Talks by IPC.
import 'reflect-metadata';

import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { WsAdapter } from '@nestjs/platform-ws';
import { WebSocketGateway } from '@nestjs/websockets';
import { ConnectionHealthModule, ConnectionHealthService } from 'nestjs-connection-health';
import { stallLoop } from 'nestjs-connection-health/testing';

const [options, gatewayOptions] = process.argv.slice(2).map((argument) => JSON.parse(argument));

class CrowdGateway {}
WebSocketGateway(gatewayOptions ?? {})(CrowdGateway);

class AppModule {}
Module({ imports: [ConnectionHealthModule.forRoot(options)], providers: [CrowdGateway] })(AppModule);

const app = await NestFactory.create(AppModule, { logger: false });
app.useWebSocketAdapter(new WsAdapter(app));
const service = app.get(ConnectionHealthService);
const events = [];
service.events$.subscribe(({ type, reason, ghost, stalledMs }) => {
  if (type !== 'opened') events.push({ type, reason, ghost, stalledMs });
});
await app.listen(0, '127.0.0.1');

process.on('message', async (order) => {
  if (order.stall !== undefined) {
    await stallLoop(order.stall);
    process.send({ stalled: true });
  } else if (order === 'report') {
    const latencies = service.connections().map(({ latencyMs }) => latencyMs);
    process.send({
      report: {
        active: service.snapshot().total_connections,
        events,
        latencies,
        findings: service.snapshot().findings,
      },
    });
  } else if (order === 'end') {
    await app.close();
    process.disconnect();
  }
});
process.on('disconnect', () => process.exit(0));
process.send({ url: `ws://127.0.0.1:${app.getHttpServer().address().port}` });
