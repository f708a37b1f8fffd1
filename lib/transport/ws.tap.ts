import { CONNECTION, recordOf, type ObservedSocket } from './transport.driver.js';

/** What we use of a `ws` socket. */
export interface WsSocket {
  readonly readyState: number;
  readonly bufferedAmount: number;
  readonly _sender?: {
    readonly _firstFragment?: boolean;
    /** 0 while nothing is compressed (ws 8.18 and later, lib/sender.js); before, `_deflating` said so. */
    readonly _state?: number;
    readonly _deflating?: boolean;
  } | null;
  /** Whether it was accepted, not dialled. */
  readonly _isServer?: boolean;
  readonly _socket?: { write?(bytes: Uint8Array): unknown } | null;
  emit(event: string, ...args: unknown[]): boolean;
  send(data: unknown, options?: unknown, callback?: unknown): void;
  ping(data?: unknown): void;
  close(code?: number, reason?: string): void;
  terminate(): void;
  pause(): void;
  resume(): void;
}

/** A class of `ws` sockets, as `server.options.WebSocket` takes it. */
export type WsSocketClass = new (...args: any[]) => WsSocket;

const OPEN = 1;

const METHODS = ['emit', 'send', 'close', 'pause', 'resume'] as const;

type Tap = Pick<WsSocket, (typeof METHODS)[number]>;

/**
 * A subclass of a socket class whose events and calls pass by the record of the socket first. `ws` reads
 * `options.WebSocket` at each upgrade ("It must be the `WebSocket` class or class that extends it", ws doc/ws.md), so it
 * reaches every later socket without a listener on any of them.
 */
export function tappedClass(Base: WsSocketClass): WsSocketClass {
  const Tapped = class extends Base {
    constructor(...args: any[]) {
      super(...args);
      // Declared at once, so that all sockets keep one hidden class.
      Object.defineProperty(this, CONNECTION, { value: undefined, writable: true, configurable: true });
    }
  };
  Object.defineProperty(Tapped, 'name', { value: Base.name });
  defineTap(Tapped.prototype, tapOver(Base.prototype as WsSocket, recordOf));
  return Tapped;
}

/**
 * Taps one socket that was there before us, over whatever its app has put on it.
 *
 * @returns takes the tap off, and puts back what was there
 */
export function tapSocket(socket: WsSocket): () => void {
  const before = METHODS.map((name) => [name, Object.getOwnPropertyDescriptor(socket, name)] as const);
  const methods = Object.fromEntries(METHODS.map((name) => [name, socket[name]])) as Tap;
  let isOff = false;
  const tap = tapOver(methods, (socketOfTap) => (isOff ? undefined : recordOf(socketOfTap)));
  defineTap(socket, tap);
  Object.defineProperty(socket, CONNECTION, { value: undefined, writable: true, configurable: true });
  return () => {
    Reflect.deleteProperty(socket, CONNECTION);
    // What the app has put over the tap since stays; below it the tap does nothing, also where another is put on later.
    isOff = true;
    for (const [name, own] of before) if (socket[name] === tap[name]) restore(socket, name, own);
  };
}

function restore(socket: object, name: string, own: PropertyDescriptor | undefined): void {
  if (own === undefined) Reflect.deleteProperty(socket, name);
  else Object.defineProperty(socket, name, own);
}

function defineTap(target: object, tap: Tap): void {
  for (const name of METHODS) {
    Object.defineProperty(target, name, { value: tap[name], writable: true, configurable: true });
  }
}

function tapOver(base: Tap, recordFor: (socket: WsSocket) => ObservedSocket | undefined): Tap {
  return {
    emit(this: WsSocket, event: string, first?: unknown, second?: unknown): boolean {
      const record = recordFor(this);
      if (record !== undefined) {
        if (event === 'message') {
          if (record.observer.message(record, first as Uint8Array, second as boolean)) return true;
        } else if (event === 'ping' || event === 'pong') {
          record.observer.control(record, event, first as Uint8Array);
        } else if (event === 'close') {
          record.observer.closed(record, first as number, String(second ?? ''));
        }
      }
      // `arguments`, not rest parameters: nothing is allocated for a message.
      return Reflect.apply(base.emit, this, arguments) as boolean;
    },
    send(this: WsSocket, data: unknown, options?: unknown): void {
      const record = recordFor(this);
      // All arguments, and no more: `ws` looks at which are there.
      Reflect.apply(base.send, this, arguments);
      if (record === undefined) return;
      record.observer.sent?.(record, data, options);
      const isMidMessage = isWithin(this, options);
      if (isMidMessage) record.fragments++;
      // Nearly every message is whole, and behind a whole one.
      if (record.midMessage === isMidMessage) return;
      record.midMessage = isMidMessage;
      if (!isMidMessage) record.observer.messageFinished(record);
    },
    close(this: WsSocket, code?: unknown): void {
      // `ws` sends one close frame and ignores later calls; its own refusals and echoes pass here as well.
      const sentCode = this.readyState === OPEN && typeof code === 'number' ? code : undefined;
      Reflect.apply(base.close, this, arguments);
      const record = recordFor(this);
      if (record !== undefined) record.observer.closing(record, sentCode);
    },
    pause(this: WsSocket): void {
      Reflect.apply(base.pause, this, []);
      const record = recordFor(this);
      if (record !== undefined) record.observer.paused(record, true);
    },
    resume(this: WsSocket): void {
      Reflect.apply(base.resume, this, []);
      const record = recordFor(this);
      if (record !== undefined) record.observer.paused(record, false);
    },
  };
}

/** Whether a message goes on after what was just sent. `ws` knows, and where it does not say, the options do. */
function isWithin({ _sender: sender }: WsSocket, options: unknown): boolean {
  if (sender?._firstFragment !== undefined) return !sender._firstFragment;
  // Anything false in its place is a fragment to `ws`, `undefined` too.
  return typeof options === 'object' && options !== null && 'fin' in options && !options.fin;
}
