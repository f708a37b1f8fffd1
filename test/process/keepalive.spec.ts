import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';

import { afterEach, describe, expect, it } from '@jest/globals';
import { WebSocketGateway } from '@nestjs/websockets';
import type { ConnectionHealthModuleOptions } from 'nestjs-connection-health';

import { startApp, type TestApp } from '../support/app.js';
import { TestClient } from '../support/client.js';
import { sleep } from '../support/wait.js';

@WebSocketGateway()
class KeepAliveGateway {}

function hex(port: number): string {
  return port.toString(16).toUpperCase().padStart(4, '0');
}

/** Timer 02 of a row in the kernel's table is the keepalive timer (Linux, Documentation/networking/proc_net_tcp.txt). */
function keepAliveTimerOf(localPort: number, remotePort: number): { isOn: boolean; seconds: number } {
  const row = readFileSync('/proc/net/tcp', 'utf8')
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .find(
      (columns) => columns[1]?.endsWith(`:${hex(localPort)}`) && columns[2]?.endsWith(`:${hex(remotePort)}`),
    );
  const [kind, jiffies] = row![5]!.split(':');
  return { isOn: kind === '02', seconds: Number.parseInt(jiffies!, 16) / 100 };
}

describe('TCP keepalive', () => {
  let running: TestApp;
  afterEach(() => running.app.close());

  async function timerWith(tcpKeepAlive: ConnectionHealthModuleOptions['tcpKeepAlive']) {
    running = await startApp([KeepAliveGateway], { tcpKeepAlive });
    const client = await TestClient.connect(running.url);
    const { port } = running.app.getHttpServer().address() as AddressInfo;
    const { localPort } = (client.socket as unknown as { _socket: { localPort: number } })._socket;
    await sleep(300);
    return keepAliveTimerOf(port, localPort);
  }

  it('runs on each socket after the delay that was asked for', async () => {
    const timer = await timerWith({ initialDelayMs: 45_000 });
    expect(timer.isOn).toBe(true);
    expect(timer.seconds).toBeGreaterThan(30);
    expect(timer.seconds).toBeLessThanOrEqual(45.5);
  });

  it('is left alone where it is switched off', async () => {
    expect(await timerWith(false)).toMatchObject({ isOn: false });
  });
});
