import { Module } from '@nestjs/common';
import { ConnectionHealthModule } from 'nestjs-connection-health';

import { ChatGateway } from './chat/chat.gateway.js';
import { ChatRoom } from './chat/chat.room.js';
import { ScriptController } from './script.controller.js';
import { settings } from './settings.js';
import { Freezer } from './trouble/freezer.js';
import { Network } from './trouble/network.js';
import { TroubleController } from './trouble/trouble.controller.js';

/** A chat, the script for its page, and trouble at the push of a button. */
@Module({
  imports: [
    ConnectionHealthModule.forRoot({
      heartbeat: { intervalMs: settings.intervalMs },
      // Few pages: they may go, and come back, at once.
      drain: { spreadMs: 500, reconnectSpreadMs: 4_000 },
      diagnostics: true,
    }),
  ],
  controllers: [ScriptController, TroubleController],
  providers: [ChatGateway, ChatRoom, Freezer, Network],
})
export class AppModule {}
