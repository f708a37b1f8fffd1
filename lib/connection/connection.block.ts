import { NEVER, type AwakeTime } from '../clock/awake.clock.js';
import type { Connection } from './connection.js';

/** Connections in one block of a registry. */
export const BLOCK_SIZE = 1024;

/** What a block knows of a connection besides its times, one bit each. */
export const HELD_UP = 1;
export const HAS_ANSWERED = 2;
export const CLOSING = 4;
export const CLOSED = 8;
/** In a block's slot: nobody is here any more. */
export const EMPTY = 16;
// 32 is no connection's: see `hop.rule.ts`.
export const MID_MESSAGE = 64;
export const PAUSED = 128;
export const WAS_ASKED = 256;

/** Whoever has one of these is no open connection. */
export const NOT_OPEN = CLOSING | CLOSED | EMPTY;

/**
 * What passes over all connections look at, side by side in columns: a pass over a million reads memory in a row and
 * touches no record. Numbers with a fraction and flags are here as well, since in a record each takes 24 and 8 bytes.
 * Slots are taken in the order of sequence and never again, so a place stays true for a walk.
 */
export class ConnectionBlock {
  readonly sequences: Float64Array;
  /** As sequences do, these only grow. */
  readonly openedAt: Float64Array;
  readonly lastPeerAt: Float64Array;
  readonly lastHopAt: Float64Array;
  /** Milliseconds; digits after the seventh do not matter. */
  readonly latencyMs: Float32Array;
  readonly averageLatencyMs: Float32Array;
  readonly flags: Uint16Array;
  /** Numbers of the servers, as the registry gives them. */
  readonly servers: Uint32Array;
  readonly records: (Connection | undefined)[] = [];
  /** Slots that were taken, and how many of them still are. */
  used = 0;
  live = 0;
  /** Whether its connections have moved to another block: walks go on there. */
  isRetired = false;

  constructor(private readonly size = BLOCK_SIZE) {
    this.sequences = new Float64Array(size);
    this.openedAt = new Float64Array(size);
    this.lastPeerAt = new Float64Array(size);
    this.lastHopAt = new Float64Array(size);
    this.latencyMs = new Float32Array(size);
    this.averageLatencyMs = new Float32Array(size);
    this.flags = new Uint16Array(size);
    this.servers = new Uint32Array(size);
  }

  get isFull(): boolean {
    return this.used === this.size;
  }

  /** The sequences of its first and its last slot, whoever is still there. */
  get firstSequence(): number {
    return this.sequences[0]!;
  }

  get lastSequence(): number {
    return this.sequences[this.used - 1]!;
  }

  /** Takes the next slot for a new connection. */
  begin(connection: Connection, sequence: number, openedAt: AwakeTime): number {
    const at = this.takeSlot(connection, sequence);
    this.openedAt[at] = openedAt;
    this.lastPeerAt[at] = openedAt;
    this.lastHopAt[at] = NEVER;
    this.latencyMs[at] = NEVER;
    this.averageLatencyMs[at] = NEVER;
    return at;
  }

  /** Takes a connection in, with what its block knows of it, in the next slot. */
  moveIn(connection: Connection, server: number): void {
    const { block: from, at: before } = connection;
    const at = this.takeSlot(connection, connection.sequence);
    this.openedAt[at] = from.openedAt[before]!;
    this.lastPeerAt[at] = from.lastPeerAt[before]!;
    this.lastHopAt[at] = from.lastHopAt[before]!;
    this.latencyMs[at] = from.latencyMs[before]!;
    this.averageLatencyMs[at] = from.averageLatencyMs[before]!;
    this.flags[at] = from.flags[before]!;
    this.servers[at] = server;
    connection.block = this;
    connection.at = at;
  }

  /** Lets a connection go on by itself: whoever holds on to it does not hold on to the others. */
  moveOut(connection: Connection): void {
    const { at } = connection;
    new ConnectionBlock(1).moveIn(connection, 0);
    this.records[at] = undefined;
    this.flags[at] = EMPTY;
    this.live--;
  }

  /** The first slot with a later sequence; the number of slots, where there is none. */
  slotAfter(sequence: number): number {
    let [from, to] = [0, this.used];
    while (from < to) {
      const middle = (from + to) >>> 1;
      if (this.sequences[middle]! > sequence) to = middle;
      else from = middle + 1;
    }
    return from;
  }

  private takeSlot(connection: Connection, sequence: number): number {
    const at = this.used++;
    this.live++;
    this.sequences[at] = sequence;
    this.records.push(connection);
    return at;
  }
}
