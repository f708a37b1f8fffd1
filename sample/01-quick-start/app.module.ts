import { Module } from '@nestjs/common';
import { ConnectionHealthModule } from 'nestjs-connection-health';

import { ChatGateway } from './chat.gateway.js';
import { FeedGateway } from './feed.gateway.js';
import { settings } from './settings.js';

/** The whole app. The import is all that the product needs of it. */
@Module({
  imports: [
    ConnectionHealthModule.forRoot({ heartbeat: { intervalMs: settings.intervalMs }, diagnostics: true }),
  ],
  providers: [ChatGateway, FeedGateway],
  exports: [ChatGateway],
})
export class AppModule {}
