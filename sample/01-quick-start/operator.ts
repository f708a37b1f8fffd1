import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { ConnectionHealthService, type Finding } from 'nestjs-connection-health';

import { settings } from './settings.js';

/** So long the leak stays for people to look at. */
const READING_MS = 12 * settings.intervalMs;
const STALE_AFTER_MS = 4 * settings.intervalMs;

/** Does what the finding advises: counts what a sweep would close, then sweeps. Nobody is restarted. */
@Injectable()
export class Operator implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger('Operator');
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly health: ConnectionHealthService) {}

  onApplicationBootstrap(): void {
    this.health.events$.subscribe((event) => {
      if (event.type === 'finding_raised') this.read(event.finding);
    });
  }

  onApplicationShutdown(): void {
    clearTimeout(this.timer);
  }

  private read({ signal, message }: Finding): void {
    if (signal !== 'ghosts_behind_terminating_proxy') return;
    this.logger.warn(`A leak: ${message}. I sweep in ${READING_MS / 1_000} s.`);
    this.timer = setTimeout(() => void this.sweep(), READING_MS);
  }

  private async sweep(): Promise<void> {
    const { stale } = await this.health.sweep({ staleAfterMs: STALE_AFTER_MS, dryRun: true });
    const { closed } = await this.health.sweep({ staleAfterMs: STALE_AFTER_MS, dryRun: false });
    this.logger.log(`Swept: ${closed} of ${stale} stale connections are being closed.`);
  }
}
