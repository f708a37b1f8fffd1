import { HealthyWebSocket, type ClientCodec } from 'nestjs-connection-health/client';

/** The client's half of the codec `nest`. */
const nestCodec: ClientCodec = {
  read(data) {
    if (typeof data !== 'string' || !data.includes('"server_')) return undefined;
    const { event, data: fields } = JSON.parse(data);
    const isOurs = ['server_ping', 'server_pong', 'server_drain'].includes(event);
    return isOurs ? { type: event, ...fields } : undefined;
  },
  write({ type, ...fields }) {
    return JSON.stringify({ event: type, data: fields });
  },
};

export function connect(url: string): HealthyWebSocket {
  return new HealthyWebSocket(url, [], { codec: nestCodec });
}
