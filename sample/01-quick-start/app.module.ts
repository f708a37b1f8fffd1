import { Module } from '@nestjs/common';
import { ConnectionHealthModule } from 'nestjs-connection-health';

import { ChatGateway } from './chat.gateway.js';
import { settings } from './settings.js';

/** The whole app. The import is all that the product needs of it. */
@Module({
  imports: [ConnectionHealthModule.forRoot({ heartbeat: { intervalMs: settings.intervalMs } })],
  providers: [ChatGateway],
  exports: [ChatGateway],
})
export class AppModule {}
