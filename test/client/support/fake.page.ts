import { afterEach, beforeEach } from '@jest/globals';

/** The parts of a page that the client looks at, in Node. */
export class FakePage {
  readonly navigator = { onLine: true };
  readonly document = { visibilityState: 'visible' };
  readonly listeners = new Set<string>();
  private target = new EventTarget();

  readonly addEventListener = (type: string, listener: () => void): void => {
    this.listeners.add(type);
    this.target.addEventListener(type, listener);
  };

  readonly removeEventListener = (type: string, listener: () => void): void => {
    this.listeners.delete(type);
    this.target.removeEventListener(type, listener);
  };

  /** As it was in the beginning, and nobody listens. */
  clear(): void {
    this.target = new EventTarget();
    this.listeners.clear();
    this.navigator.onLine = true;
  }

  goOffline(): void {
    this.navigator.onLine = false;
    this.tell('offline');
  }

  goOnline(): void {
    this.navigator.onLine = true;
    this.tell('online');
  }

  tell(type: string): void {
    this.target.dispatchEvent(new Event(type));
  }
}

/** The globals of a page around each test of a file. */
export function useFakePage(): () => FakePage {
  const names = ['navigator', 'document', 'addEventListener', 'removeEventListener'] as const;
  const own = new Map(names.map((name) => [name, Object.getOwnPropertyDescriptor(globalThis, name)]));
  let page: FakePage;
  beforeEach(() => {
    page = new FakePage();
    for (const name of names)
      Object.defineProperty(globalThis, name, { configurable: true, writable: true, value: page[name] });
  });
  afterEach(() => {
    for (const [name, descriptor] of own) {
      if (descriptor === undefined) Reflect.deleteProperty(globalThis, name);
      else Object.defineProperty(globalThis, name, descriptor);
    }
  });
  return () => page;
}
