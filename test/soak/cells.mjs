import { now } from './monotonic.mjs';

const CELL_SIZE = 8;
const CHATTY = 4;
/** How long a process that was stopped runs again, so that its clients find out what happened. */
const AFTERLIFE_MS = 500;

/** Small client processes that are killed or stopped as a whole. */
export class Cells {
  #random;
  #settings;
  #truth;
  #start;
  #cells = new Set();
  #nextAt = 0;

  /** @param start starts a process of clients */
  constructor({ random, settings, truth, start }) {
    this.#random = random;
    this.#settings = settings;
    this.#truth = truth;
    this.#start = start;
  }

  /** Starts one now and then, ends those whose time has come, and buries the dead. */
  step() {
    const { intervalMs } = this.#settings;
    if (now() >= this.#nextAt) {
      this.#nextAt = now() + intervalMs * this.#random.between(1, 3);
      this.#begin();
    }
    for (const cell of this.#cells) this.#turn(cell);
  }

  /** Ends all. @returns whether all are over */
  finish() {
    for (const cell of this.#cells) {
      cell.dieAt = 0;
      this.#turn(cell);
    }
    return this.#cells.size === 0;
  }

  #begin() {
    const kind = this.#random.chance(0.5) ? 'killed' : 'frozen';
    const cell = { kind, child: this.#start(), records: [], dieAt: Infinity, isDead: false };
    cell.wakes = this.#random.chance(0.5);
    cell.lifeMs = this.#settings.intervalMs * this.#random.between(1, 2);
    this.#cells.add(cell);
    void this.#people(cell);
  }

  async #people(cell) {
    await cell.child.ready;
    for (let member = 0; member < CELL_SIZE; member++) {
      cell.records.push(this.#truth.expect({ home: cell.child, kind: cell.kind, cell }));
    }
    cell.dieAt = now() + cell.lifeMs;
    cell.child.tell(
      cell.records.map(({ id }, index) => ({ what: 'open', id, via: 'direct', isChatty: index < CHATTY })),
    );
  }

  #turn(cell) {
    if (cell.isDead) this.#bury(cell);
    else if (now() >= cell.dieAt && cell.records.length > 0) this.#kill(cell);
  }

  #kill(cell) {
    const { kind, child, records } = cell;
    if (!records.every(({ bornAt }) => bornAt !== undefined)) return;
    cell.isDead = true;
    for (const record of records) this.#truth.doom(record);
    const before = now();
    if (kind === 'killed') child.end();
    else child.stop();
    // The server hears of the one at once, of the other never.
    for (const record of records) record.diedAt = kind === 'killed' ? before : now();
  }

  #bury(cell) {
    if (cell.kind === 'frozen' && !cell.records.every((record) => record.end ?? record.isGivenUp)) return;
    this.#cells.delete(cell);
    if (cell.kind === 'killed') return;
    if (cell.wakes) {
      cell.child.continue();
      setTimeout(() => cell.child.end(), AFTERLIFE_MS);
    } else cell.child.end();
  }
}
