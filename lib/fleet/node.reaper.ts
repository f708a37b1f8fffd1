import type { LifecycleBus } from '../lifecycle/lifecycle.bus.js';
import type { BoundedStore } from './bounded.store.js';
import { MAX_CLAIMS, type FleetEntry } from './fleet.store.js';
import { decodeSummary } from './node.summary.js';

/** What is noted of a node that was lost. */
export interface LossNote {
  readonly name: string;
  /** By the store's time. */
  readonly at: number;
  readonly connections: number;
  readonly identities: number;
  /** The life that reaped it: no two reapers note the same. */
  readonly by: string;
}

/** The node that a life is one of. */
export function nodeOf(life: string): string {
  const end = life.lastIndexOf('.');
  return end < 0 ? life : life.slice(0, end);
}

/** A burial that is ordered until its answer is known. */
interface Burial {
  readonly life: string;
  readonly reaper: string;
  readonly note: LossNote;
}

/** Claims after one another; what is left waits for the next look. */
const MAX_ROUNDS = 3;

/** Clears away what nodes have left that died: whoever claims one tells of it, and nobody else. */
export class NodeReaper {
  /** Those whose answer was lost, by life: nobody else tells of them. */
  private readonly unanswered = new Map<string, Burial>();

  constructor(
    private readonly parts: {
      readonly store: BoundedStore;
      readonly bus: LifecycleBus;
      readonly storeNow: () => number;
    },
  ) {}

  /** @param reaper the life that reaps */
  async look(reaper: string): Promise<void> {
    const { store } = this.parts;
    await allOf([...this.unanswered.values()].map((burial) => this.bury(burial)));
    for (let round = 0; round < MAX_ROUNDS; round++) {
      const claimed = await store.call((each) => each.claim(reaper));
      await allOf(claimed.map((entry) => this.reap(entry, reaper)));
      if (claimed.length < MAX_CLAIMS) return;
    }
  }

  private async reap({ life, summary: text }: FleetEntry, reaper: string): Promise<void> {
    const { store, storeNow } = this.parts;
    const summary = decodeSummary(text);
    const count = await store.call((each) => each.clear(life));
    const note: LossNote = {
      name: summary?.name ?? 'unknown',
      at: storeNow(),
      // Where the store had dropped its records already, what it last said of itself is all there is.
      connections: count > 0 ? count : (summary?.connections ?? 0),
      identities: summary?.identities ?? 0,
      by: reaper,
    };
    await this.bury({ life, reaper, note });
  }

  private async bury(burial: Burial): Promise<void> {
    const { store, bus } = this.parts;
    const { life, reaper, note } = burial;
    this.unanswered.set(life, burial);
    const isOurs = await store.call((each) => each.bury({ life, reaper, note: JSON.stringify(note) }));
    this.unanswered.delete(life);
    if (!isOurs) return;
    const { name, connections, identities } = note;
    bus.publish('fleet_node_lost', () => ({ node: nodeOf(life), name, connections, identities }));
  }
}

/** Waits for all, so that none is under way when it is tried again. @throws what the first that failed has thrown */
async function allOf(works: readonly Promise<void>[]): Promise<void> {
  for (const result of await Promise.allSettled(works)) if (result.status === 'rejected') throw result.reason;
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
