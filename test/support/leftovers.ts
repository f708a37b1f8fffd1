import { createHook } from 'node:async_hooks';

/** What this process has more than when the watching began. */
export interface Leftovers {
  /** Timers and immediates that began since, and have not ended. The one of a wait is among them. */
  timers(): number;
  /** Whether there are the same handles as before. */
  handlesAreBack(): boolean;
  /** Events of the process that have other listeners than before, and how many. */
  newListeners(): string[];
  stop(): void;
}

/** Watches what is begun from now on, and not ended. */
export function leftovers(): Leftovers {
  const alive = new Set<number>();
  const hook = createHook({
    init(id, type) {
      if (type === 'Timeout' || type === 'Immediate') alive.add(id);
    },
    destroy: (id) => void alive.delete(id),
  }).enable();
  const [handles, listeners] = [activeResources(), processListeners()];
  return {
    timers: () => alive.size,
    handlesAreBack: () => activeResources() === handles,
    newListeners: () => processListeners().filter((line) => !listeners.includes(line)),
    stop: () => void hook.disable(),
  };
}

function activeResources(): string {
  return process.getActiveResourcesInfo().toSorted().join(' ');
}

function processListeners(): string[] {
  return process.eventNames().map((name) => `${String(name)} ${process.listenerCount(name)}`);
}
