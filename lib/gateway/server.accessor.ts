import { SERVER_LISTENERS } from '../connection-health.tokens.js';
import { markAsServerProperty } from './nest-internals.js';

/** Told that Nest has assigned a server to an instance of a gateway. */
export type ServerListener = (instance: object, server: object) => void;

const PROPERTY = 'nestjs-connection-health:server';

/**
 * Listens for the server that Nest gives to the instances of a gateway class, by an accessor on its prototype that
 * looks like a `@WebSocketServer()` property. Apps that share the class share the accessor; it goes with the last one.
 *
 * @returns stops listening
 * @throws TypeError for a prototype that cannot be extended
 */
export function listenForServers(prototype: object, listener: ServerListener): () => void {
  const listeners = listenersOf(prototype) ?? install(prototype);
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) uninstall(prototype);
  };
}

type Listened = {
  [SERVER_LISTENERS]?: { readonly listeners: Set<ServerListener>; readonly unmark: () => void };
};

function listenersOf(prototype: object): Set<ServerListener> | undefined {
  if (!Object.hasOwn(prototype, SERVER_LISTENERS)) return undefined;
  return (prototype as Listened)[SERVER_LISTENERS]!.listeners;
}

function install(prototype: object): Set<ServerListener> {
  const listeners = new Set<ServerListener>();
  const servers = new WeakMap<object, object>();
  Object.defineProperty(prototype, PROPERTY, {
    enumerable: true,
    configurable: true,
    get(this: object): object | undefined {
      return servers.get(this);
    },
    set(this: object, server: object) {
      servers.set(this, server);
      for (const listener of [...listeners]) listener(this, server);
    },
  });
  const unmark = markAsServerProperty(prototype, PROPERTY);
  Object.defineProperty(prototype, SERVER_LISTENERS, { configurable: true, value: { listeners, unmark } });
  return listeners;
}

function uninstall(prototype: object): void {
  (prototype as Listened)[SERVER_LISTENERS]?.unmark();
  Reflect.deleteProperty(prototype, PROPERTY);
  Reflect.deleteProperty(prototype, SERVER_LISTENERS);
}
