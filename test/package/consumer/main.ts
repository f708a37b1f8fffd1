// A user's app, compiled and run outside this repository: one client answers heartbeats, one never does, and one is
// of the package's own. It prints what became of them as one line of JSON, closes, and must then exit by itself.
import 'reflect-metadata';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { WsAdapter } from '@nestjs/platform-ws';
import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { ConnectionHealthIndicator, ConnectionHealthModule } from 'nestjs-connection-health';
import { HealthyWebSocket } from 'nestjs-connection-health/client';
import { RedisFleetStore } from 'nestjs-connection-health/redis';
import { WebSocket } from 'ws';

@WebSocketGateway()
class EchoGateway {
  @SubscribeMessage('echo')
  echo(@MessageBody() data: string): { event: string; data: string } {
    return { event: 'echo', data };
  }
}

@Module({
  imports: [ConnectionHealthModule.forRoot({ heartbeat: { intervalMs: 500 }, diagnostics: true })],
  providers: [EchoGateway],
})
class AppModule {}

/** What the endpoint, its page and the indicator say. */
async function look(address: string, indicator: ConnectionHealthIndicator): Promise<object> {
  const page = await (await fetch(`${address}/dashboard`)).text();
  const assets = [...page.matchAll(/(?:src|href)="(dashboard\/[^"]+)"/g)].map(([, path]) => path!);
  const statuses = await Promise.all(assets.map(async (path) => (await fetch(`${address}/${path}`)).status));
  const metrics = await (await fetch(`${address}/metrics`)).text();
  return {
    total: ((await (await fetch(address)).json()) as { total_connections: number }).total_connections,
    assetsAreThere: assets.length > 2 && statuses.every((status) => status === 200),
    store: new RedisFleetStore({ call: () => undefined, duplicate: () => undefined }).name,
    timeouts: /^ws_heartbeat_timeouts_total\{gateway="EchoGateway"\} (\d+)$/m.exec(metrics)?.[1],
    ...(await indicator.isAlive('alive')),
  };
}

async function main(): Promise<void> {
  const app = await NestFactory.create(AppModule, { logger: ['error', 'warn'] });
  app.useWebSocketAdapter(new WsAdapter(app));
  await app.listen(0, '127.0.0.1');
  const url = `ws://127.0.0.1:${(app.getHttpServer().address() as AddressInfo).port}`;

  const echoes: string[] = [];
  const answering = new WebSocket(url);
  answering.on('message', (data) => {
    const message = JSON.parse(String(data)) as { type?: string; ts?: number; event?: string; data?: string };
    if (message.type === 'server_ping') {
      answering.send(JSON.stringify({ type: 'client_pong', ts: message.ts }));
    }
    if (message.event === 'echo') echoes.push(message.data ?? '');
  });
  await once(answering, 'open');

  const healthy = new HealthyWebSocket(url, undefined, { WebSocket });
  let ownSaw = '';
  healthy.addEventListener('message', ({ data }) => (ownSaw += String(data)));
  await once(healthy, 'open');

  const silent = new WebSocket(url);
  const silentClosed = once(silent, 'close') as Promise<[code: number, reason: Buffer]>;
  const [code] = await Promise.race([silentClosed, delay(15_000, [0] as const, { ref: false })]);
  await delay(3_000);
  answering.send(JSON.stringify({ event: 'echo', data: 'still here' }));
  await delay(200);

  const answeringIsOpen = answering.readyState === WebSocket.OPEN;
  const own = { isOpen: healthy.readyState === HealthyWebSocket.OPEN, saw: ownSaw };
  const seen = await look(
    url.replace('ws', 'http') + '/connection-health',
    app.get(ConnectionHealthIndicator),
  );
  console.log(JSON.stringify({ silentCode: code, answeringIsOpen, echoes, own, seen }));
  healthy.close();
  answering.terminate();
  await app.close();
}

void main();
