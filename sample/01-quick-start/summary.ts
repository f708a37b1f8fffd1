import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { ConnectionHealthService } from 'nestjs-connection-health';

import { ChatGateway } from './chat.gateway.js';
import { Crowd } from './crowd/crowd.js';

const EVERY_MS = 5_000;

/** Compares what the product sees with what the crowd knows, every few seconds. */
@Injectable()
export class Summary implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger('Summary');
  private readonly ghosts = new Map<string, number>();
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly health: ConnectionHealthService,
    private readonly chat: ChatGateway,
    private readonly crowd: Crowd,
  ) {}

  onApplicationBootstrap(): void {
    this.health.events$.subscribe((event) => {
      if (event.type !== 'closed' || event.ghost === undefined) return;
      this.ghosts.set(event.ghost, (this.ghosts.get(event.ghost) ?? 0) + 1);
    });
    this.timer = setInterval(() => this.logger.log(this.line()), EVERY_MS);
  }

  onApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  private line(): string {
    const { total_connections: active } = this.health.snapshot();
    const { open, all } = this.crowd.healthy;
    const ghosts = [...this.ghosts].map(([kind, count]) => `${count} ${kind}`).join(', ') || 'none yet';
    return `${active} connections active | ${open} of ${all} healthy clients connected | ghosts closed: ${ghosts} | chat messages: ${this.chat.messages}`;
  }
}
