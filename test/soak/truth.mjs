import { KINDS } from './kinds.mjs';

/** What the soak itself knows of every connection, from those who were born and died; the server is measured by it. */
export class Truth {
  records = new Map();
  /** Connections that are open and have not been told to die. */
  living = [];
  born = Object.fromEntries(Object.keys(KINDS).map((kind) => [kind, 0]));
  /** Events of the server that are about no connection, or about one that nobody knows. */
  others = {};
  strangers = 0;
  problems = [];

  /** Clients that are about to connect. */
  pending = 0;

  #next = 0;
  #onClosed;

  /** @param onClosed told of a record whose connection the server has closed */
  constructor(onClosed) {
    this.#onClosed = onClosed;
  }

  /** A client is about to connect. */
  expect({ home, kind, delayMs = 0, ...rest }) {
    const id = `soak-${this.#next++}`;
    const record = { id, home, kind, delayMs, ...rest };
    this.records.set(id, record);
    this.pending++;
    return record;
  }

  /** A client tells what happened to it. */
  heardFromClient({ type, id, at, detail }) {
    const record = this.records.get(id);
    if (record === undefined) return;
    if (type === 'opened') this.#opened(record, at);
    else if (type === 'died') record.diedAt ??= at;
    else if (type === 'closed') record.seenClosed ??= { at, ...detail };
    else this.#failed(record, detail);
  }

  /** The server tells what it noticed. */
  heardFromServer({ type, id, at, reason, code, ghost, error }) {
    if (id === undefined) {
      this.others[type] = (this.others[type] ?? 0) + 1;
      if (type === 'user_code_failed') this.problems.push(`the server reports a failure: ${error}`);
      return;
    }
    const record = this.records.get(id);
    if (record === undefined) this.strangers++;
    else if (type === 'opened') record.isKnown = true;
    else if (type === 'held') record.heldAt = at;
    else if (type === 'missed' || type === 'stale') record.foundAt = at;
    else if (type === 'closed') this.#closed(record, { at, reason, code, ghost });
  }

  /** Takes a connection out of the living: it has been told to die, or will be with its process. */
  doom(record, kind = record.kind) {
    record.kind = kind;
    record.isDoomed = true;
    if (record.place === undefined) return;
    const last = this.living.pop();
    if (last !== record) {
      this.living[record.place] = last;
      last.place = record.place;
    }
    record.place = undefined;
  }

  /** How many must be open now: born, and neither told to die nor closed. */
  get openCount() {
    return this.count(({ bornAt, diedAt, end }) => bornAt !== undefined && diedAt === undefined && !end);
  }

  count(isMeant) {
    let count = 0;
    for (const record of this.records.values()) if (isMeant(record)) count++;
    return count;
  }

  #failed(record, why) {
    this.pending--;
    this.records.delete(record.id);
    this.problems.push(`a client could not connect: ${why}`);
  }

  #opened(record, at) {
    this.pending--;
    record.bornAt = at;
    this.born[record.kind]++;
    // Those in a small process die together with it, and not by the hand of chance.
    if (record.isDoomed || record.cell !== undefined) return;
    record.place = this.living.length;
    this.living.push(record);
  }

  #closed(record, end) {
    record.end = end;
    this.doom(record);
    this.#onClosed(record);
  }
}
