import { Observable, Subscription, type Observer, type Subscriber } from 'rxjs';

import type { LifecycleEvent, LifecycleEventOf, LifecycleEventType } from './lifecycle.events.js';

type Listener = (event: LifecycleEvent) => void;

/** What remains of an event when its type and time are known. */
export type EventBody<Type extends LifecycleEventType> = Omit<LifecycleEventOf<Type>, 'type' | 'at'>;

/** The one place where everything observable passes. Costs nothing for a type that nobody listens to. */
export class LifecycleBus {
  private readonly listeners = new Map<LifecycleEventType, Set<Listener>>();
  private isClosed = false;
  private readonly subscribers = new Set<Subscriber<LifecycleEvent>>();

  /**
   * @param failed told of a listener that threw; the others still hear the event
   */
  constructor(
    private readonly epoch: () => number,
    private readonly failed: (error: unknown) => void,
  ) {}

  /** All events from now on; completes with the app. */
  readonly events$ = this.fenced(
    new Observable<LifecycleEvent>((subscriber) => {
      if (this.isClosed) {
        subscriber.complete();
        return undefined;
      }
      this.subscribers.add(subscriber);
      return () => this.subscribers.delete(subscriber);
    }),
  );

  /** @returns takes the listener off */
  on<Type extends LifecycleEventType>(
    type: Type,
    listener: (event: LifecycleEventOf<Type>) => void,
  ): () => void {
    const listeners = this.listeners.get(type) ?? new Set();
    this.listeners.set(type, listeners.add(listener as unknown as Listener));
    return () => listeners.delete(listener as unknown as Listener);
  }

  /** @param body called only if somebody listens */
  publish<Type extends LifecycleEventType>(type: Type, body: () => EventBody<Type>): void {
    const listeners = this.listeners.get(type);
    if (this.subscribers.size === 0 && (listeners === undefined || listeners.size === 0)) return;
    const event = { type, at: this.epoch(), ...body() } as unknown as LifecycleEvent;
    for (const listener of [...(listeners ?? [])]) {
      try {
        listener(event);
      } catch (error) {
        this.failed(error);
      }
    }
    for (const subscriber of [...this.subscribers]) subscriber.next(event);
  }

  /** Forgets every listener and completes {@link events$}. */
  close(): void {
    this.isClosed = true;
    this.listeners.clear();
    for (const subscriber of [...this.subscribers]) subscriber.complete();
  }

  /**
   * Keeps what an observer throws from rxjs, which would report it as uncaught and so end the process (R11). An
   * observer behind operators is theirs.
   */
  private fenced(source: Observable<LifecycleEvent>): Observable<LifecycleEvent> {
    const subscribe = source.subscribe.bind(source) as (...args: unknown[]) => Subscription;
    source.subscribe = (observer?: unknown, ...rest: unknown[]): Subscription =>
      subscribe(this.fencedObserver(observer), ...rest);
    return source;
  }

  private fencedObserver(observer: unknown): unknown {
    const isFunction = typeof observer === 'function';
    if (
      !isFunction &&
      (typeof observer !== 'object' || observer === null || observer instanceof Subscription)
    )
      return observer;
    const target = (isFunction ? { next: observer } : observer) as Partial<Observer<LifecycleEvent>>;
    return {
      next: (event: LifecycleEvent) => {
        try {
          target.next?.(event);
        } catch (error) {
          this.failed(error);
        }
      },
      error: (error: unknown) => target.error?.(error),
      complete: () => target.complete?.(),
    };
  }
}
