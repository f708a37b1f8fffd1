/**
 * The only file that knows names that Nest does not publish. Checked with @nestjs/* 11.1-11.2 and 12.0-12.5; each line
 * says where the name comes from.
 */
import type { DiscoveryService, ModuleRef } from '@nestjs/core';

import { PREPENDED_INTERCEPTORS } from '../connection-health.tokens.js';

/** Class metadata of a gateway: packages/websockets/constants.ts, 11 and 12. */
const GATEWAY_METADATA = 'websockets:is_gateway';
/** The options given to `@WebSocketGateway()`: packages/websockets/constants.ts, 11 and 12. */
const GATEWAY_OPTIONS = 'websockets:gateway_options';
/** The port given to `@WebSocketGateway()`: packages/websockets/constants.ts, 11 and 12. */
const PORT_METADATA = 'port';
/** What `@WebSocketServer()` sets on a property: packages/websockets/constants.ts, 11 and 12. */
const GATEWAY_SERVER_METADATA = 'websockets:is_socket';
/** What `@UseInterceptors()` sets on a class: packages/common/constants.ts, 11 and 12. */
const INTERCEPTORS_METADATA = '__interceptors__';

/** Nest's record of one provider; the class itself is not published. */
export type InstanceWrapper = ReturnType<DiscoveryService['getProviders']>[number];

/** The adapters of Nest's own packages, by the names of their classes: platform-ws and platform-socket.io, 11 and 12. */
const KNOWN_ADAPTERS: readonly unknown[] = ['WsAdapter', 'IoAdapter'];

/**
 * Whether the app's servers are made by an adapter of Nest's own: then they are servers of `ws` or Socket.IO. True also of
 * classes that inherit from one and leave its `create()` as it is. The adapter is set between the constructors of providers
 * and the binding of gateways (NestContainer.applicationConfig, ModuleRef.container); where it cannot be seen, it is unknown.
 */
export function hasKnownAdapter(moduleRef: ModuleRef): boolean {
  const { container } = moduleRef as unknown as {
    readonly container?: { readonly applicationConfig?: { getIoAdapter?(): object | null } };
  };
  let maker: object | null = container?.applicationConfig?.getIoAdapter?.() ?? null;
  while (maker !== null && !Object.hasOwn(maker, 'create'))
    maker = Object.getPrototypeOf(maker) as object | null;
  if (maker === null || !Object.hasOwn(maker, 'constructor')) return false;
  return KNOWN_ADAPTERS.includes(maker.constructor.name);
}

/** Whether a class carries `@WebSocketGateway()`, itself or by inheritance, as Nest looks at it. */
export function isGateway(metatype: unknown): metatype is NewableFunction {
  return typeof metatype === 'function' && Reflect.getMetadata(GATEWAY_METADATA, metatype) === true;
}

/** Where the clients of a gateway connect, and what it asks of the heartbeat of a server that it may share. */
export interface GatewayAddress {
  /** 0 is the app's own. */
  readonly port: number;
  readonly path: string | undefined;
  /** Of Socket.IO: a name, or a pattern of names. */
  readonly namespace: string | undefined;
  /** Milliseconds, of Socket.IO's engine. */
  readonly pings: { readonly pingInterval?: number; readonly pingTimeout?: number };
}

export function addressOf(metatype: NewableFunction): GatewayAddress {
  const options = (Reflect.getMetadata(GATEWAY_OPTIONS, metatype) ?? {}) as GatewayAddress['pings'] & {
    readonly path?: string;
    readonly namespace?: string | RegExp;
  };
  const { path, namespace, pingInterval, pingTimeout } = options;
  return {
    port: (Reflect.getMetadata(PORT_METADATA, metatype) as number | undefined) ?? 0,
    path,
    namespace: namespace === undefined ? undefined : String(namespace),
    pings: { pingInterval, pingTimeout },
  };
}

/**
 * Makes Nest assign the server to a property as if it carried `@WebSocketServer()`. Nest finds such properties with
 * `for…in` (GatewayMetadataExplorer.scanForServerHooks), so the property must be enumerable and its key a string.
 */
export function markAsServerProperty(prototype: object, property: string): () => void {
  Reflect.defineMetadata(GATEWAY_SERVER_METADATA, true, prototype, property);
  return () => Reflect.deleteMetadata(GATEWAY_SERVER_METADATA, prototype, property);
}

/**
 * Puts an interceptor before all others of a class. An instance serves as well as a class
 * (InterceptorsContextCreator.getInterceptorInstance). Must happen before Nest binds the gateway. Apps that share the
 * class each put their own; what was there before is there again when the last one takes its own away.
 *
 * @param isNeeded asked when Nest binds the gateway: what is not there then is left out
 *   (InterceptorsContextCreator.createConcreteContext), and costs no message anything
 * @returns takes it away
 */
export function prependInterceptor(
  metatype: NewableFunction,
  interceptor: object,
  isNeeded: () => boolean,
): () => void {
  const ours = (Reflect.getOwnMetadata(PREPENDED_INTERCEPTORS, metatype) as Prepended | undefined) ?? {
    interceptors: new Map(),
    own: Reflect.getOwnMetadata(INTERCEPTORS_METADATA, metatype) as unknown[] | undefined,
    all: (Reflect.getMetadata(INTERCEPTORS_METADATA, metatype) as unknown[] | undefined) ?? [],
  };
  Reflect.defineMetadata(PREPENDED_INTERCEPTORS, ours, metatype);
  const apply = (): void => {
    const list: unknown[] = [];
    for (const [each, wanted] of ours.interceptors) {
      // Once each: a class that inherits from another gateway has that one's already.
      if (ours.all.includes(each)) continue;
      const get = (): unknown => (wanted() ? each : undefined);
      Object.defineProperty(list, list.length, { get, enumerable: true, configurable: true });
    }
    list.push(...ours.all);
    Reflect.defineMetadata(INTERCEPTORS_METADATA, list, metatype);
  };
  ours.interceptors.set(interceptor, isNeeded);
  apply();
  return () => {
    ours.interceptors.delete(interceptor);
    if (ours.interceptors.size > 0) apply();
    else restoreInterceptors(metatype, ours);
  };
}

interface Prepended {
  /** Whether each is needed. */
  readonly interceptors: Map<object, () => boolean>;
  /** What the class itself had before, and what it had with inheritance. */
  readonly own: unknown[] | undefined;
  readonly all: unknown[];
}

function restoreInterceptors(metatype: NewableFunction, { own }: Prepended): void {
  Reflect.deleteMetadata(PREPENDED_INTERCEPTORS, metatype);
  if (own === undefined) Reflect.deleteMetadata(INTERCEPTORS_METADATA, metatype);
  else Reflect.defineMetadata(INTERCEPTORS_METADATA, own, metatype);
}
