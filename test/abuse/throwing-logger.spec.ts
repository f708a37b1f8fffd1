import { describe, expect, it } from '@jest/globals';
import { WebSocketGateway } from '@nestjs/websockets';

import { MemoryLogger, startApp } from '../support/app.js';
import { TestClient } from '../support/client.js';
import { until } from '../support/wait.js';

@WebSocketGateway()
class LoggedGateway {}

/** A logger of the app that fails, as one does whose disk is full. */
class FailingLogger extends MemoryLogger {
  isFailing = false;
  failures = 0;

  constructor() {
    super();
    for (const level of ['log', 'warn', 'error', 'debug'] as const) {
      const write = this[level];
      Object.defineProperty(this, level, {
        value: (message: unknown): void => {
          if (!this.isFailing) return write(message);
          this.failures++;
          throw new Error('disk full');
        },
      });
    }
  }
}

describe('a logger that fails', () => {
  it('keeps nobody from being asked, swept and closed, and the app from nothing', async () => {
    const logger = new FailingLogger();
    const running = await startApp(
      [LoggedGateway],
      {
        heartbeat: { intervalMs: 200, timeoutMs: 120 },
        sweep: { intervalMs: 150 },
        logging: { level: 'debug', maxPerSecond: 2 },
      },
      { logger },
    );
    let completed = false;
    running.service.events$.subscribe({ complete: () => (completed = true) });
    logger.isFailing = true;
    // Their ends are more lines than a second may have, so that some are left to tell of in the end.
    await Promise.all(Array.from({ length: 10 }, () => TestClient.connect(running.url)));
    const living = await TestClient.connect(running.url);
    const silent = await TestClient.connect(running.url, { answers: false });
    await until('the silent one is closed', () => silent.closed?.code === 4001);
    const sweeps = running.eventsOf('swept').length;
    await until('the sweep goes on', () => running.eventsOf('swept').length > sweeps + 1);
    expect(living.isOpen).toBe(true);
    expect(logger.failures).toBeGreaterThan(0);
    await expect(running.app.close()).resolves.toBeUndefined();
    expect(completed).toBe(true);
    expect(living.closed?.code).toBe(1012);
  });
});
