import type { LifecycleBus } from '../lifecycle/lifecycle.bus.js';
import type { BoundedStore } from './bounded.store.js';
import type { FleetEntry } from './fleet.store.js';
import { decodeSummary } from './node.summary.js';

/** What is noted of a node that was lost. */
export interface LossNote {
  readonly name: string;
  /** By the store's time. */
  readonly at: number;
  readonly connections: number;
  readonly identities: number;
}

/** The node that a life is one of. */
export function nodeOf(life: string): string {
  const end = life.lastIndexOf('.');
  return end < 0 ? life : life.slice(0, end);
}

/** Clears away what nodes have left that died: whoever claims one tells of it, and nobody else. */
export class NodeReaper {
  constructor(
    private readonly parts: {
      readonly store: BoundedStore;
      readonly bus: LifecycleBus;
      readonly storeNow: () => number;
    },
  ) {}

  /** @param reaper the life that reaps */
  async look(reaper: string): Promise<void> {
    const claimed = await this.parts.store.call((store) => store.claim(reaper));
    for (const entry of claimed) await this.reap(entry, reaper);
  }

  private async reap({ life, summary: text }: FleetEntry, reaper: string): Promise<void> {
    const { store, bus, storeNow } = this.parts;
    const summary = decodeSummary(text);
    const count = await store.call((each) => each.clear(life));
    const note: LossNote = {
      name: summary?.name ?? 'unknown',
      at: storeNow(),
      // Where the store had dropped its records already, what it last said of itself is all there is.
      connections: count > 0 ? count : (summary?.connections ?? 0),
      identities: summary?.identities ?? 0,
    };
    const isOurs = await store.call((each) => each.bury({ life, reaper, note: JSON.stringify(note) }));
    if (!isOurs) return;
    const { name, connections, identities } = note;
    bus.publish('fleet_node_lost', () => ({ node: nodeOf(life), name, connections, identities }));
  }
}

/** @returns `undefined` for what is none */
export function decodeNote(text: string): LossNote | undefined {
  try {
    const note = JSON.parse(text) as LossNote | null;
    return typeof note?.name === 'string' ? note : undefined;
  } catch {
    return undefined;
  }
}
