import { createParamDecorator, SetMetadata, type ExecutionContext } from '@nestjs/common';

import type { GatewayHealthOptions } from '../connection-health.options.js';
import {
  GATEWAY_HEALTH_OPTIONS,
  GATEWAY_HEALTH_SKIPPED,
  LIFECYCLE_HOOK,
} from '../connection-health.tokens.js';
import { Connection } from '../connection/connection.js';
import type { ConnectionSnapshot } from '../connection/connection.snapshot.js';
import type { LifecycleEventType } from '../lifecycle/lifecycle.events.js';
import { recordOf } from '../transport/transport.driver.js';

/**
 * Overrides the module's options for one gateway.
 *
 * @example
 * ```ts
 * @ConnectionHealth({ heartbeat: { intervalMs: 10_000 } })
 * @WebSocketGateway({ path: '/game' })
 * export class GameGateway {}
 * ```
 */
export const ConnectionHealth = (options: GatewayHealthOptions = {}): ClassDecorator =>
  SetMetadata(GATEWAY_HEALTH_OPTIONS, options);

/** Leaves a gateway alone: no heartbeats, no sweep, no logs. */
export const SkipConnectionHealth = (): ClassDecorator => SetMetadata(GATEWAY_HEALTH_SKIPPED, true);

const hook = (type: LifecycleEventType) => (): MethodDecorator => SetMetadata(LIFECYCLE_HOOK, type);

/** Calls a gateway's method with the `OpenedEvent` of each of its connections. */
export const OnConnectionOpened = hook('opened');
/** Calls a gateway's method with the `MissedEvent` whenever one of its connections misses a heartbeat. */
export const OnHeartbeatMissed = hook('missed');
/** Calls a gateway's method with the `StaleEvent` when the sweep finds one of its connections stale. */
export const OnConnectionStale = hook('stale');
/** Calls a gateway's method with the `RecoveredEvent` when a connection that had missed heartbeats answers again. */
export const OnConnectionRecovered = hook('recovered');
/** Calls a gateway's method with the `ClosedEvent` of each of its connections. */
export const OnConnectionClosed = hook('closed');

/**
 * The {@link ConnectionSnapshot} of the client whose message is handled; `undefined` where the client is not watched.
 *
 * @example
 * ```ts
 * @SubscribeMessage('whoami')
 * whoami(@ConnectionInfo() connection: ConnectionSnapshot) { return connection.identity; }
 * ```
 */
export const ConnectionInfo = createParamDecorator(
  (_data: unknown, context: ExecutionContext): ConnectionSnapshot | undefined => {
    const record = recordOf(context.switchToWs().getClient()) as Connection | undefined;
    return record?.server.photographer.take(record);
  },
);
