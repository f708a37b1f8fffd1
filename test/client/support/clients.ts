import { afterEach } from '@jest/globals';
import {
  HealthyWebSocket,
  type HealthyWebSocketEventMap,
  type HealthyWebSocketOptions,
  type UrlSource,
} from 'nestjs-connection-health/client';
import { WebSocket } from 'ws';

type EventType = keyof HealthyWebSocketEventMap;

const TYPES: readonly EventType[] = ['open', 'message', 'error', 'close', 'end', 'drop'];

/** A client on real sockets that keeps a record of what it tells. */
export class RecordedClient {
  readonly events: HealthyWebSocketEventMap[EventType][] = [];
  readonly socket: HealthyWebSocket;

  constructor(url: UrlSource, options: HealthyWebSocketOptions = {}, protocols?: string | string[]) {
    this.socket = new HealthyWebSocket(url, protocols, {
      WebSocket,
      backoff: { initialMs: 20, maxMs: 40 },
      ...options,
    });
    for (const type of TYPES) this.socket.addEventListener(type, (event) => this.events.push(event));
  }

  of<Type extends EventType>(type: Type): HealthyWebSocketEventMap[Type][] {
    return this.events.filter(
      (event): event is HealthyWebSocketEventMap[Type] & HealthyWebSocketEventMap[EventType] =>
        event.type === type,
    );
  }

  /** The types of its events, in order. */
  get story(): string[] {
    return this.events.map(({ type }) => type);
  }

  /** The texts it has received. */
  get messages(): unknown[] {
    return this.of('message').map(({ data }) => data as unknown);
  }

  get isOpen(): boolean {
    return this.socket.readyState === HealthyWebSocket.OPEN;
  }
}

/** Makes clients that are closed after the test, whatever happened in it. */
export function useClients(): (
  url: UrlSource,
  options?: HealthyWebSocketOptions,
  protocols?: string | string[],
) => RecordedClient {
  const clients: RecordedClient[] = [];
  afterEach(() => {
    for (const { socket } of clients.splice(0)) socket.close();
  });
  return (...args) => {
    const client = new RecordedClient(...args);
    clients.push(client);
    return client;
  };
}
