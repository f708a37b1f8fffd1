import { Module } from '@nestjs/common';
import { ConnectionHealthModule } from 'nestjs-connection-health';
import type { Socket } from 'socket.io';

import { ChatGateway } from './chat.gateway.js';
import { NewsGateway } from './news.gateway.js';
import { settings } from './settings.js';

/** The whole app. */
@Module({
  imports: [
    ConnectionHealthModule.forRoot({
      heartbeat: { intervalMs: settings.intervalMs },
      socketIo: { mode: 'govern' },
      // A token in an app of yours.
      identify: (client) => (client as Socket).handshake.auth['name'] as unknown,
      // A ghost answers no goodbye: it is cut off after this.
      sweep: { closeTimeoutMs: settings.intervalMs },
      drain: { spreadMs: 500 },
      // The narrator tells what happens.
      logging: { level: 'off' },
      diagnostics: true,
    }),
  ],
  providers: [ChatGateway, NewsGateway],
})
export class AppModule {}
