import { MemoryFleetStore } from 'nestjs-connection-health';

import { BEAT_MS, storeConformance } from './support/store.conformance.js';

storeConformance('memory', async () => {
  let store = new MemoryFleetStore({ beatMs: BEAT_MS });
  return {
    store: () => store,
    leftovers: async () => new Map(store.held().map((name) => [name, 1])),
    flush: async () => void (store = new MemoryFleetStore({ beatMs: BEAT_MS })),
    end: async () => undefined,
  };
});
