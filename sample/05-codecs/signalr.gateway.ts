import { Logger } from '@nestjs/common';
import { WebSocketGateway, type OnGatewayConnection } from '@nestjs/websockets';
import { ConnectionHealth, SignalrCodec } from 'nestjs-connection-health';
import type { WebSocket } from 'ws';

import { settings } from './settings.js';

/** What of a hub's records this sample reads: the handshake, and the call of a method. */
interface HubRecord {
  readonly protocol?: string;
  readonly type?: number;
  readonly target?: string;
  readonly invocationId?: string;
}

const INVOCATION = 1;
const COMPLETION = 3;
/** RFC 6455, section 7.4.1: a message that does not say what its kind of message should. */
const INVALID_PAYLOAD = 1007;
/** Ends every record. A frame may hold several, which is why this gateway listens by itself. */
const SEPARATOR = '\x1e';

/** Speaks with clients of `@microsoft/signalr`. Their pings are taken out before they come here. */
@ConnectionHealth({ heartbeat: { codec: new SignalrCodec({ clientIntervalMs: settings.intervalMs }) } })
@WebSocketGateway({ path: '/signalr' })
export class SignalrGateway implements OnGatewayConnection<WebSocket> {
  private readonly logger = new Logger(SignalrGateway.name);

  handleConnection(client: WebSocket): void {
    // Nest fences handlers, but not listeners: an error in one, over whatever a stranger sends, would end the process.
    client.on('message', (data: Buffer) => {
      try {
        const records = data.toString().split(SEPARATOR).slice(0, -1);
        for (const record of records) this.hear(client, JSON.parse(record) as HubRecord);
      } catch {
        client.close(INVALID_PAYLOAD, 'not a message of a hub');
      }
    });
  }

  private hear(client: WebSocket, { protocol, type, target, invocationId }: HubRecord): void {
    this.logger.log(`heard ${protocol === undefined ? (target ?? `type ${type}`) : 'handshake'}`);
    if (protocol !== undefined) this.say(client, {});
    else if (type === INVOCATION) this.say(client, { type: COMPLETION, invocationId, result: 'heard' });
  }

  private say(client: WebSocket, record: object): void {
    client.send(JSON.stringify(record) + SEPARATOR);
  }
}
