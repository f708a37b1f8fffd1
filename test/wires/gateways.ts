import type { WebSocketAdapter } from '@nestjs/common';
import { WsAdapter } from '@nestjs/platform-ws';
import { ConnectedSocket, MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { ConnectionHealth } from 'nestjs-connection-health';
import type { INestApplication } from '@nestjs/common';
import type { WebSocket } from 'ws';

/** Short enough for a test, long enough for a busy machine. */
export const HEARTBEAT = { intervalMs: 700, timeoutMs: 500 };

type PhoenixMessage = [
  joinRef: string | null,
  ref: string | null,
  topic: string,
  event: string,
  payload: unknown,
];

/** Keeps what arrives at raw listeners and at handlers: a heartbeat must be in neither. */
class Listening {
  readonly raw: string[] = [];
  readonly handled: unknown[] = [];

  handleConnection(client: WebSocket): void {
    client.on('message', (data: Buffer) => this.raw.push(data.toString()));
  }
}

/** A gateway that speaks the wire of Phoenix channels, by way of `messageParser` and handlers. */
@ConnectionHealth({ heartbeat: { ...HEARTBEAT, codec: 'phoenix' } })
@WebSocketGateway({ path: '/phoenix/websocket' })
export class PhoenixGateway extends Listening {
  @SubscribeMessage('phx_join')
  join(@MessageBody() message: PhoenixMessage): PhoenixMessage {
    return this.reply(message, {});
  }

  @SubscribeMessage('shout')
  shout(@MessageBody() message: PhoenixMessage): PhoenixMessage {
    return this.reply(message, message[4]);
  }

  @SubscribeMessage('heartbeat')
  heartbeat(@MessageBody() message: PhoenixMessage): PhoenixMessage {
    return this.reply(message, { from: 'the app' });
  }

  private reply(message: PhoenixMessage, response: unknown): PhoenixMessage {
    this.handled.push(message[3]);
    const [joinRef, ref, topic] = message;
    return [joinRef, ref, topic, 'phx_reply', { status: 'ok', response }];
  }
}

/** A gateway that speaks the JSON hub protocol of SignalR, in a raw listener: a frame may hold several records. */
@ConnectionHealth({ heartbeat: { ...HEARTBEAT, codec: 'signalr' } })
@WebSocketGateway({ path: '/signalr' })
export class SignalrGateway extends Listening {
  /** How long the app takes for its reply to a handshake, in milliseconds. */
  replyAfterMs = 0;

  override handleConnection(client: WebSocket): void {
    super.handleConnection(client);
    client.on('message', (data: Buffer) => {
      try {
        for (const record of data.toString().split('\x1e').slice(0, -1))
          this.hear(client, JSON.parse(record));
      } catch {
        client.close(1007);
      }
    });
  }

  private hear(client: WebSocket, record: { protocol?: string; type?: number; invocationId?: string }): void {
    this.handled.push(record);
    if (record.protocol !== undefined) setTimeout(() => this.say(client, {}), this.replyAfterMs);
    else if (record.type === 1)
      this.say(client, { type: 3, invocationId: record.invocationId, result: 'done' });
  }

  private say(client: WebSocket, record: object): void {
    client.send(`${JSON.stringify(record)}\x1e`);
  }
}

/** A gateway of Nest's own wire, as `WsAdapter` reads it by default. */
@ConnectionHealth({ heartbeat: { ...HEARTBEAT, codec: 'nest' } })
@WebSocketGateway({ path: '/nest' })
export class NestGateway extends Listening {
  @SubscribeMessage('client_pong')
  pong(): void {
    this.handled.push('client_pong');
  }

  @SubscribeMessage('echo')
  echo(@MessageBody() data: unknown, @ConnectedSocket() _client: WebSocket): unknown {
    this.handled.push('echo');
    return { event: 'echo', data };
  }
}

/** One adapter serves all gateways, so its parser tells the wires apart by their look. */
function messageParser(data: unknown): { event: string; data: unknown } | undefined {
  try {
    const message = JSON.parse(String(data)) as PhoenixMessage | { event: string; data: unknown };
    return Array.isArray(message) ? { event: message[3], data: message } : message;
  } catch {
    return undefined;
  }
}

export function adapterFor(app: INestApplication): WsAdapter & WebSocketAdapter {
  return new WsAdapter(app, { messageParser });
}
