import { BLOCK_SIZE, ConnectionBlock } from './connection.block.js';
import type { Connection } from './connection.js';

/** Neighbours with no more connections than this between them become one block. */
const SPARSE = BLOCK_SIZE / 2;

/** Connections in the order of their sequences, found and walked without a map, in blocks of columns. */
export class ConnectionBlocks {
  private readonly blocks: ConnectionBlock[] = [];

  /** @throws RangeError for a connection that is not later than all others */
  append(connection: Connection, server: number): void {
    let last = this.blocks.at(-1);
    if (last !== undefined && connection.sequence <= last.lastSequence)
      throw new RangeError(`expected a sequence after ${last.lastSequence}, got ${connection.sequence}`);
    if (last === undefined || last.isFull) {
      this.blocks.push((last = new ConnectionBlock()));
      // Of those who filled the one before, many may have gone meanwhile.
      this.tidy(this.blocks.length - 2);
    }
    last.moveIn(connection, server);
  }

  /** @returns whether it was there */
  remove(connection: Connection): boolean {
    if (this.get(connection.sequence) !== connection) return false;
    const index = this.indexAfter(connection.sequence - 1);
    this.blocks[index]!.moveOut(connection);
    this.tidy(index);
    return true;
  }

  get(sequence: number): Connection | undefined {
    const block = this.blocks[this.indexAfter(sequence - 1)];
    if (block === undefined) return undefined;
    const at = block.slotAfter(sequence - 1);
    return block.sequences[at] === sequence ? block.records[at] : undefined;
  }

  /** The block that holds the first slot with a later sequence: passes over columns go from one to the next. */
  blockAfter(sequence: number): ConnectionBlock | undefined {
    return this.blocks[this.indexAfter(sequence)];
  }

  /** Later ones, oldest first, those that come meanwhile included. */
  *after(sequence: number): Generator<Connection> {
    let last = sequence;
    for (let block = this.blockAfter(last); block !== undefined; block = this.blockAfter(last)) {
      for (let at = block.slotAfter(last); at < block.used && !block.isRetired; at++) {
        last = block.sequences[at]!;
        const connection = block.records[at];
        if (connection !== undefined) yield connection;
      }
    }
  }

  /** Earlier ones, newest first. */
  *before(sequence: number): Generator<Connection> {
    let last = sequence;
    for (let block = this.blockBefore(last); block !== undefined; block = this.blockBefore(last)) {
      for (let at = block.slotAfter(last - 1) - 1; at >= 0 && !block.isRetired; at--) {
        last = block.sequences[at]!;
        const connection = block.records[at];
        if (connection !== undefined) yield connection;
      }
    }
  }

  private blockBefore(sequence: number): ConnectionBlock | undefined {
    const index = this.indexAfter(sequence - 1);
    const block = this.blocks[index];
    return block !== undefined && block.firstSequence < sequence ? block : this.blocks[index - 1];
  }

  /** The first block whose last slot is later. */
  private indexAfter(sequence: number): number {
    let [from, to] = [0, this.blocks.length];
    while (from < to) {
      const middle = (from + to) >>> 1;
      if (this.blocks[middle]!.lastSequence > sequence) to = middle;
      else from = middle + 1;
    }
    return from;
  }

  /** Drops a block without connections, and makes one of sparse neighbours; the last one is being filled. */
  private tidy(index: number): void {
    if (index < 0 || index === this.blocks.length - 1) return;
    if (this.blocks[index]!.live === 0) this.replace(index, 1);
    else if (this.isSparse(index, index + 1)) this.replace(index, 2);
    else if (this.isSparse(index - 1, index)) this.replace(index - 1, 2);
  }

  private isSparse(one: number, other: number): boolean {
    if (one < 0 || other >= this.blocks.length - 1) return false;
    return this.blocks[one]!.live + this.blocks[other]!.live <= SPARSE;
  }

  private replace(index: number, count: number): void {
    const merged = new ConnectionBlock();
    for (const block of this.blocks.slice(index, index + count)) {
      for (const connection of block.records)
        if (connection !== undefined) merged.moveIn(connection, block.servers[connection.at]!);
      block.isRetired = true;
      block.records.length = 0;
    }
    this.blocks.splice(index, count, ...(merged.used === 0 ? [] : [merged]));
  }
}
