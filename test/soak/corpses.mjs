const RECORD = Symbol.for('nestjs-connection-health/connection');

/** Finds what the garbage collector cannot take: sockets, and the module's records of them, that are closed but held. */
export class Corpses {
  #living = new Map();
  #dead = new Set();
  #next = 0;
  #numbers = new WeakMap();

  born(socket) {
    const number = this.#next++;
    this.#numbers.set(socket, number);
    const record = socket[RECORD];
    this.#living.set(number, {
      socket: new WeakRef(socket),
      record: record === undefined ? undefined : new WeakRef(record),
    });
  }

  died(socket) {
    const number = this.#numbers.get(socket);
    this.#dead.add(this.#living.get(number));
    this.#living.delete(number);
  }

  /** To be called after a collection. */
  count() {
    const counts = { deadSockets: 0, deadRecords: 0 };
    for (const refs of this.#dead) {
      const hasSocket = refs.socket.deref() !== undefined;
      const hasRecord = refs.record?.deref() !== undefined;
      if (hasSocket) counts.deadSockets++;
      if (hasRecord) counts.deadRecords++;
      if (!hasSocket && !hasRecord) this.#dead.delete(refs);
    }
    return counts;
  }
}
