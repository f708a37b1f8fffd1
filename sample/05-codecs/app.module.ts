import { Module } from '@nestjs/common';
import { ConnectionHealthModule } from 'nestjs-connection-health';

import { PhoenixGateway } from './phoenix.gateway.js';
import { SignalrGateway } from './signalr.gateway.js';

/** One policy for all connections; which heartbeats its clients speak, and how often, is said on each gateway. */
@Module({
  imports: [ConnectionHealthModule.forRoot({ diagnostics: true })],
  providers: [PhoenixGateway, SignalrGateway],
})
export class AppModule {}
