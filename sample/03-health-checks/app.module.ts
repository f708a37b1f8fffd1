import { Module } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { ConnectionHealthModule } from 'nestjs-connection-health';

import { ChatGateway } from './chat.gateway.js';
import { HealthController } from './health.controller.js';
import { settings } from './settings.js';

/** The whole app. */
@Module({
  imports: [
    // The only delay: Terminus' own gracefulShutdownTimeoutMs would come on top of it.
    ConnectionHealthModule.forRoot({ drain: { readinessDelayMs: settings.readinessDelayMs } }),
    TerminusModule,
  ],
  controllers: [HealthController],
  providers: [ChatGateway],
})
export class AppModule {}
