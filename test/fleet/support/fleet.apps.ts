import type { IncomingMessage } from 'node:http';

import { WebSocketGateway } from '@nestjs/websockets';
import type { ConnectionHealthModuleOptions } from 'nestjs-connection-health';

/** A gateway that does nothing. */
@WebSocketGateway()
export class FleetGateway {}

/** The user is in the query string of the upgrade request. */
export function identifyByQuery(_client: object, request: IncomingMessage | undefined): string | undefined {
  return new URL(request?.url ?? '/', 'http://host').searchParams.get('user') ?? undefined;
}

/** Fast enough for a test, and no heartbeats that a client without a program of its own would have to answer. */
export const FLEET_OPTIONS: ConnectionHealthModuleOptions = {
  identify: identifyByQuery,
  metrics: false,
  leak: false,
};
