import type { DropEvent, EndEvent, Ending, HealthyCloseEvent, HealthyErrorEvent } from './client.events.js';

/** What a `HealthyWebSocket` tells of. */
export interface HealthyWebSocketEventMap {
  /** A connection is open; once for each. */
  open: Event;
  message: MessageEvent;
  error: HealthyErrorEvent;
  /** A connection has ended; once for each, and once at the end for a client that had none then. */
  close: HealthyCloseEvent;
  /** There will be no further connection. */
  end: EndEvent;
  /** A message will not be sent. */
  drop: DropEvent;
}

type Parameter<At extends 1 | 2> = Parameters<EventTarget['addEventListener']>[At];

/** An `EventTarget` that says what each event brings. */
interface TypedTarget extends EventTarget {
  addEventListener<Type extends keyof HealthyWebSocketEventMap>(
    type: Type,
    listener: ((event: HealthyWebSocketEventMap[Type]) => unknown) | null,
    options?: Parameter<2>,
  ): void;
  addEventListener(type: string, listener: Parameter<1>, options?: Parameter<2>): void;
  removeEventListener<Type extends keyof HealthyWebSocketEventMap>(
    type: Type,
    listener: ((event: HealthyWebSocketEventMap[Type]) => unknown) | null,
    options?: Parameter<2>,
  ): void;
  removeEventListener(type: string, listener: Parameter<1>, options?: Parameter<2>): void;
}

const Target = EventTarget as new () => TypedTarget;

/** What an `on…` handler may rely on: a `WebSocket`, which this one stands in for, tells less. */
type Handler<Told> = ((event: Told) => unknown) | null;
type CloseNotice = Event & Ending & Partial<Pick<HealthyCloseEvent, 'retryInMs' | 'willReconnect'>>;
type ErrorNotice = Event & Partial<Pick<HealthyErrorEvent, 'error'>>;

/** The events of a standard `WebSocket`: `addEventListener` and `on…` properties. */
export class EventSurface extends Target {
  declare onopen: Handler<Event>;
  declare onmessage: Handler<MessageEvent>;
  declare onerror: Handler<ErrorNotice>;
  declare onclose: Handler<CloseNotice>;
  declare onend: Handler<EndEvent>;
  declare ondrop: Handler<DropEvent>;

  static {
    for (const type of ['open', 'message', 'error', 'close', 'end', 'drop'])
      defineHandler(this.prototype, type);
  }
}

/** A property that is a listener, as HTML's event handler attributes are. */
function defineHandler(prototype: object, type: string): void {
  const handlers = new WeakMap<EventTarget, unknown>();
  Object.defineProperty(prototype, `on${type}`, {
    configurable: true,
    enumerable: true,
    get(this: EventTarget) {
      return handlers.get(this) ?? null;
    },
    set(this: EventTarget, handler: unknown) {
      // One listener for all handlers there will be: it must not be taken for the same function added by hand.
      if (!handlers.has(this))
        this.addEventListener(type, (event) =>
          (handlers.get(this) as ((event: Event) => void) | null)?.call(this, event),
        );
      handlers.set(this, typeof handler === 'function' ? handler : null);
    },
  });
}
