import { spawn } from 'node:child_process';
import { once } from 'node:events';

import { describe, expect, it } from '@jest/globals';
import { WebSocketGateway } from '@nestjs/websockets';
import { Registry } from 'prom-client';

import { useApps } from '../support/apps.js';
import { TestClient } from '../support/client.js';
import { until } from '../support/wait.js';

@WebSocketGateway()
class ChatGateway {}

/** What Prometheus' own linter says of a text. */
async function promtoolSays(text: string): Promise<{ status: unknown; words: string }> {
  const child = spawn('promtool', ['check', 'metrics'], { stdio: ['pipe', 'pipe', 'pipe'], timeout: 30_000 });
  let words = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (words += String(data)));
  child.stdin.end(text);
  const [status] = (await once(child, 'close')) as [unknown];
  return { status, words };
}

describe('promtool check metrics', () => {
  const start = useApps();

  it('finds nothing to say of a real scrape of a real app', async () => {
    const registry = new Registry();
    const running = await start([ChatGateway], {
      heartbeat: { intervalMs: 200, timeoutMs: 100 },
      identify: () => 'ada',
      metrics: { registry },
    });
    const living = await TestClient.connect(running.url);
    await TestClient.connect(running.url, { answers: false });
    living.send({ type: 'client_resume', reason: 'odd "words"\n' });
    await until('one has died', () => running.eventsOf('closed').length === 1);
    await until('one has answered', () => living.answeredAt !== undefined);
    await running.service.sweep();
    const text = await registry.metrics();
    expect(text).toContain('ws_heartbeat_latency_seconds_bucket{le="+Inf",gateway="ChatGateway"}');
    expect(await promtoolSays(text)).toEqual({ status: 0, words: '' });
  });

  it('would have found a fault', async () => {
    const { status, words } = await promtoolSays('# TYPE opened counter\nopened 1\n');
    expect(status).not.toBe(0);
    expect(words).toContain('_total');
  });
});
