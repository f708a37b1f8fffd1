import { Logger } from '@nestjs/common';
import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { ConnectionHealth, PhoenixCodec } from 'nestjs-connection-health';

import { settings } from './settings.js';

/** A message of Phoenix channels, as its V2 serializer writes it. */
export type PhoenixMessage = [
  joinRef: string | null,
  ref: string | null,
  topic: string,
  event: string,
  payload: unknown,
];

/**
 * What `WsAdapter` is given to tell the handlers' messages from the rest: a list is a message of Phoenix. For anything
 * else it returns nothing: what a parser throws, Nest logs, and a stranger could fill the log.
 */
export function phoenixParser(data: unknown): { event: string; data: PhoenixMessage } | undefined {
  try {
    const message: unknown = JSON.parse(String(data));
    return isPhoenixMessage(message) ? { event: message[3], data: message } : undefined;
  } catch {
    return undefined;
  }
}

function isPhoenixMessage(message: unknown): message is PhoenixMessage {
  return Array.isArray(message) && message.length === 5 && typeof message[3] === 'string';
}

/** Speaks with clients of npm's `phoenix`. Their heartbeats are answered before they come here. */
@ConnectionHealth({ heartbeat: { codec: new PhoenixCodec({ clientIntervalMs: settings.intervalMs }) } })
@WebSocketGateway({ path: '/phoenix/websocket' })
export class PhoenixGateway {
  private readonly logger = new Logger(PhoenixGateway.name);

  @SubscribeMessage('phx_join')
  join(@MessageBody() message: PhoenixMessage): PhoenixMessage {
    return this.reply(message, {});
  }

  @SubscribeMessage('shout')
  shout(@MessageBody() message: PhoenixMessage): PhoenixMessage {
    return this.reply(message, { heard: message[4] });
  }

  private reply([joinRef, ref, topic, event]: PhoenixMessage, response: object): PhoenixMessage {
    this.logger.log(`heard ${event}`);
    return [joinRef, ref, topic, 'phx_reply', { status: 'ok', response }];
  }
}
