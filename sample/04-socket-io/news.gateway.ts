import type { OnApplicationBootstrap, OnApplicationShutdown } from '@nestjs/common';
import { WebSocketGateway, WebSocketServer } from '@nestjs/websockets';
import type { Namespace } from 'socket.io';

import { serverOptions } from './server.options.js';
import { settings } from './settings.js';

/** Headlines, numbered so that a reader knows whether one was missed. */
@WebSocketGateway({ namespace: 'news', ...serverOptions })
export class NewsGateway implements OnApplicationBootstrap, OnApplicationShutdown {
  @WebSocketServer() private readonly news!: Namespace;
  private timer: NodeJS.Timeout | undefined;
  private number = 0;

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => this.news.emit('headline', ++this.number), settings.intervalMs / 4);
  }

  onApplicationShutdown(): void {
    clearInterval(this.timer);
  }
}
