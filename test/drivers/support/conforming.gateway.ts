import type { Type } from '@nestjs/common';
import { MessageBody, SubscribeMessage, WebSocketGateway, WebSocketServer } from '@nestjs/websockets';
import {
  ConnectionInfo,
  OnConnectionClosed,
  OnConnectionOpened,
  type ClosedEvent,
  type ConnectionSnapshot,
  type OpenedEvent,
} from 'nestjs-connection-health';

/** What the suite sees of the one gateway of its apps. */
export interface ConformingGateway {
  readonly server: object;
  /** As Nest gave them to `handleConnection`. */
  readonly clients: object[];
  readonly opened: OpenedEvent[];
  readonly closed: ClosedEvent[];
  /** What `@ConnectionInfo()` said at each `whoami`. */
  readonly infos: (ConnectionSnapshot | undefined)[];
}

/** An ordinary gateway that echoes, with what its library wants to be told. */
export function conformingGateway(metadata: object): Type<ConformingGateway> {
  @WebSocketGateway(metadata)
  class EchoGateway implements ConformingGateway {
    @WebSocketServer() readonly server!: object;
    readonly clients: object[] = [];
    readonly opened: OpenedEvent[] = [];
    readonly closed: ClosedEvent[] = [];
    readonly infos: (ConnectionSnapshot | undefined)[] = [];

    handleConnection(client: object): void {
      this.clients.push(client);
    }

    @SubscribeMessage('echo')
    echo(@MessageBody() data: unknown): unknown {
      return { event: 'echo', data };
    }

    @SubscribeMessage('whoami')
    whoami(@ConnectionInfo() connection: ConnectionSnapshot | undefined): void {
      this.infos.push(connection);
    }

    @OnConnectionOpened()
    onOpened(event: OpenedEvent): void {
      this.opened.push(event);
    }

    @OnConnectionClosed()
    onClosed(event: ClosedEvent): void {
      this.closed.push(event);
    }
  }
  return EchoGateway;
}
