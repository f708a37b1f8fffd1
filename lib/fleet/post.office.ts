import { randomBytes } from 'node:crypto';

import type {
  ConnectionCommands,
  ConnectionTarget,
  DisconnectOptions,
} from '../connection/connection.commands.js';
import type { BoundedStore } from './bounded.store.js';
import { MAX_LETTERS } from './fleet.store.js';
import { decodeLetter, type DisconnectLetter, type DoneLetter } from './fleet.letters.js';

/** A full box is emptied in so many goes at most. */
const MAX_ROUNDS = 10;

/** Who has answered an order so far. */
interface Order {
  closing: number;
  readonly missing: Set<string>;
  readonly settle: () => void;
}

/** What the nodes that were asked have done. */
export interface OrderReport {
  readonly closing: number;
  readonly unanswered: readonly string[];
}

/** Orders from node to node, by letters in boxes that each node empties once in a while: nothing that a lost subscription could lose. */
export class PostOffice {
  private readonly orders = new Map<string, Order>();

  constructor(
    private readonly parts: {
      readonly store: BoundedStore;
      /** For letters to others: a burst of orders must not take the calls that this node needs for itself. */
      readonly outbox: BoundedStore;
      readonly nodeId: string;
      readonly commands: ConnectionCommands;
      /** Milliseconds for which an answer is waited for. */
      readonly patienceMs: number;
      readonly storeNow: () => number;
    },
  ) {}

  /** Whether somebody waits for an answer, so that the box is worth a look now. */
  get isWaiting(): boolean {
    return this.orders.size > 0;
  }

  /** Takes the letters out of this node's box, and does what they say. */
  async look(): Promise<void> {
    const { store, nodeId } = this.parts;
    for (let round = 0; round < MAX_ROUNDS; round++) {
      const { now, letters } = await store.call((each) => each.take(nodeId));
      for (const text of letters) {
        const letter = decodeLetter(text);
        if (letter?.kind === 'done') this.answered(letter);
        // Not waited for: letters that were taken are nowhere else any more.
        else if (letter !== undefined && now <= letter.until) void this.obey(letter);
      }
      if (letters.length < MAX_LETTERS) return;
    }
  }

  /** Asks these nodes to disconnect somebody, and waits for a bounded time. */
  async order(
    nodes: readonly string[],
    target: ConnectionTarget,
    options: DisconnectOptions,
  ): Promise<OrderReport> {
    if (nodes.length === 0) return { closing: 0, unanswered: [] };
    const { outbox, nodeId: from, storeNow, patienceMs } = this.parts;
    const order = randomBytes(9).toString('base64url');
    const until = storeNow() + patienceMs;
    const letter: DisconnectLetter = { kind: 'disconnect', order, from, until, target, options };
    const answers = this.await(order, nodes);
    await Promise.allSettled(
      nodes.map((node) => outbox.call((each) => each.post(node, JSON.stringify(letter)))),
    );
    return answers;
  }

  /** Nobody waits any more. */
  close(): void {
    for (const { settle } of this.orders.values()) settle();
  }

  private await(id: string, nodes: readonly string[]): Promise<OrderReport> {
    return new Promise((resolve) => {
      const settle = (): void => {
        clearTimeout(timer);
        this.orders.delete(id);
        resolve({ closing: order.closing, unanswered: [...order.missing] });
      };
      const timer = setTimeout(settle, this.parts.patienceMs);
      const order: Order = { closing: 0, missing: new Set(nodes), settle };
      this.orders.set(id, order);
    });
  }

  private answered({ order: id, by, closing }: DoneLetter): void {
    const order = this.orders.get(id);
    if (order === undefined || !order.missing.delete(by) || !Number.isInteger(closing)) return;
    order.closing += closing;
    if (order.missing.size === 0) order.settle();
  }

  private async obey({ order, from, target, options }: DisconnectLetter): Promise<void> {
    const { outbox, nodeId: by, commands } = this.parts;
    const closing = await commands.disconnect(target, options).catch(() => 0);
    const done: DoneLetter = { kind: 'done', order, by, closing };
    // Whoever has ordered it and hears nothing lists this node as unanswered.
    await outbox.call((each) => each.post(from, JSON.stringify(done))).catch(() => undefined);
  }
}
