import { Cells } from './cells.mjs';
import { HOW, SHARES } from './kinds.mjs';

/** Share of the connections that come and go in one second. */
const CHURN_PER_SECOND = 1 / 60;
/** More at once than the server's backlog holds (511 by default) would be late for no fault of the server's. */
const MOST_BIRTHS_PER_STEP = 100;
const GROUP_SIZE = 6;
const LATE_SHARE = 0.2;
const COMPRESSED_SHARE = 0.3;
const CHATTY_SHARE = 0.5;
/** Of the lines that are late, each way. */
export const DELAY_MS = 60;

/** Lets clients be born and die, at random and steadily. */
export class Population {
  /** How many there are to be; fewer after a mass of deaths, until {@link restore}. */
  target;
  #random;
  #settings;
  #truth;
  #hosts;
  #cells;
  #groups = 0;

  constructor({ random, settings, truth, hosts, startCell }) {
    this.#random = random;
    this.#truth = truth;
    this.#hosts = hosts;
    this.#settings = settings;
    this.restore();
    this.#cells = new Cells({ random, settings, truth, start: startCell });
  }

  /** One step of churn, `ms` long. */
  step(ms) {
    const deaths = this.#random.about((this.target * CHURN_PER_SECOND * ms) / 1000);
    for (let death = 0; death < deaths && this.#truth.living.length > 0; death++) this.#killOne();
    this.grow();
    this.#cells.step();
  }

  /** As many births as are missing, or as many as may be at once. */
  grow() {
    const { living, pending } = this.#truth;
    let births = Math.min(this.target - living.length - pending, MOST_BIRTHS_PER_STEP);
    while (births > 0) {
      // A whole group would be too many at the end.
      const kind = this.#random.weighted(births < GROUP_SIZE ? { ...SHARES, cut: 0 } : SHARES);
      births -= kind === 'cut' ? this.#bearGroup() : this.#bear(kind);
    }
  }

  get isFull() {
    const { living, pending } = this.#truth;
    return pending === 0 && living.length === this.target;
  }

  /** Ends the small processes; no more of them are started until the next step. @returns whether all are over */
  endCells() {
    return this.#cells.finish();
  }

  /**
   * Cuts a share of all lines in one moment. Nobody takes their place yet: newcomers who answer would hide the mass.
   *
   * @returns how many
   */
  massCut(share) {
    const victims = this.#truth.living.filter(
      ({ group }) => group === undefined && this.#random.chance(share),
    );
    for (const record of victims) this.#kill(record, 'mass');
    this.target -= victims.length;
    return victims.length;
  }

  /** As many as were asked for are to be there again. */
  restore() {
    this.target = this.#settings.connections;
  }

  /** Everybody leaves, some in each step. */
  leave() {
    this.target = 0;
    for (const record of this.#truth.living.slice(0, MOST_BIRTHS_PER_STEP)) this.#kill(record, 'leaving');
  }

  /** The server has closed a connection: what is left of it at the other end is cleared away. */
  buried(record) {
    if (record.cell !== undefined) return;
    record.home.tell([{ what: 'bury', id: record.id }]);
    const { group, home } = record;
    if (group?.members.every(({ end }) => end !== undefined))
      home.tell([{ what: 'buryGroup', group: group.name }]);
  }

  #bear(kind) {
    this.#open(kind);
    return 1;
  }

  #open(kind, group) {
    const home = group?.home ?? this.#random.pick(this.#hosts);
    const isLate = group === undefined && this.#random.chance(LATE_SHARE);
    const isCompressed = this.#random.chance(COMPRESSED_SHARE);
    const isChatty = this.#random.chance(CHATTY_SHARE);
    const delayMs = isLate ? DELAY_MS : 0;
    const record = this.#truth.expect({ home, kind, group, delayMs, isCompressed, isChatty });
    home.tell([
      {
        what: 'open',
        id: record.id,
        via: group?.name ?? (isLate ? 'late' : 'direct'),
        isCompressed,
        isChatty,
      },
    ]);
    return record;
  }

  #bearGroup() {
    const group = { name: `group-${this.#groups++}`, home: this.#random.pick(this.#hosts), members: [] };
    for (let member = 0; member < GROUP_SIZE; member++) group.members.push(this.#open('cut', group));
    return GROUP_SIZE;
  }

  #killOne() {
    const record = this.#random.pick(this.#truth.living);
    if (record.group === undefined) this.#kill(record, record.kind);
    else if (record.group.members.every(({ bornAt }) => bornAt !== undefined)) this.#cut(record.group);
  }

  #kill(record, kind) {
    this.#truth.doom(record, kind);
    record.home.tell([{ what: 'die', id: record.id, how: HOW[kind] ?? kind }]);
  }

  #cut({ name, home, members }) {
    const alive = members.filter(({ end }) => end === undefined);
    for (const record of alive) this.#truth.doom(record);
    home.tell([{ what: 'cut', group: name, ids: alive.map(({ id }) => id) }]);
  }
}
