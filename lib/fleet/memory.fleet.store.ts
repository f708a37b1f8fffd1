import {
  AWAY_BEATS,
  DEFAULT_BEAT_MS,
  FLEET_TABLES,
  KEEP_BEATS,
  LEASE_BEATS,
  MAX_CLAIMS,
  MAX_LETTERS,
  MAX_LOSSES,
  lifePrefixOf,
  type BeatReply,
  type FleetChanges,
  type FleetDirectory,
  type FleetEntry,
  type FleetLoss,
  type FleetMail,
  type FleetStore,
  type FleetTable,
  type NodeBeat,
} from './fleet.store.js';

/** A claim on a life: whose, and until when. */
interface Claim {
  readonly reaper: string;
  readonly until: number;
}

interface Box {
  readonly letters: string[];
  expiresAt: number;
}

interface Tables {
  readonly of: Readonly<Record<FleetTable, Map<string, string>>>;
  writes: number;
  expiresAt: number;
}

/**
 * A fleet within one process. Several apps of a process that are given the same instance see each other.
 *
 * @example
 * ```ts
 * const fleet = new MemoryFleetStore();
 * ConnectionHealthModule.forRoot({ fleet });
 * ```
 */
export class MemoryFleetStore implements FleetStore {
  readonly name = 'memory';
  readonly beatMs: number;

  private readonly entries = new Map<string, FleetEntry>();
  private readonly claims = new Map<string, Claim>();
  private readonly losses = new Map<string, FleetLoss>();
  private readonly tables = new Map<string, Tables>();
  /** Records of the lives that were cleared away. */
  private readonly cleared = new Map<string, number>();
  private readonly boxes = new Map<string, Box>();
  private heardAt = -Infinity;
  private graceUntil = -Infinity;

  /** @param options `beatMs`: milliseconds between two beats of each node, 5_000 by default */
  constructor(options: { readonly beatMs?: number } = {}) {
    this.beatMs = options.beatMs ?? DEFAULT_BEAT_MS;
  }

  async beat({ life, replaces, summary, isKnown }: NodeBeat): Promise<BeatReply> {
    const now = this.now();
    if (isKnown && (!this.entries.has(life) || this.claims.has(life)))
      return { status: this.losses.has(life) || this.claims.has(life) ? 'reaped' : 'forgotten', now };
    if (!isKnown) {
      const prefix = lifePrefixOf(life);
      for (const other of this.entries.keys())
        if (other !== life && other.startsWith(prefix) && !this.claims.has(other)) this.entries.delete(other);
    }
    const wasReaped = replaces !== undefined && (this.claims.has(replaces) || this.losses.has(replaces));
    this.entries.set(life, { life, expiresAt: now + LEASE_BEATS * this.beatMs, summary });
    this.heard(now);
    return { status: 'kept', now, wasReaped };
  }

  async directory(): Promise<FleetDirectory> {
    const now = this.now();
    this.heard(now);
    return { now, entries: [...this.entries.values()], losses: [...this.losses.values()] };
  }

  async leave(life: string): Promise<void> {
    this.entries.delete(life);
    this.claims.delete(life);
    this.tables.delete(life);
    if (this.entries.size > 0) return;
    for (const rest of [this.losses, this.cleared, this.boxes]) rest.clear();
  }

  async write(life: string, changes: FleetChanges): Promise<number | undefined> {
    this.expire();
    if (this.cleared.has(life)) return undefined;
    const tables = this.tables.get(life) ?? { of: emptyTables(), writes: 0, expiresAt: 0 };
    this.tables.set(life, tables);
    tables.expiresAt = this.now() + KEEP_BEATS * this.beatMs;
    for (const name of FLEET_TABLES)
      for (const [field, value] of changes[name])
        if (value === undefined) tables.of[name].delete(field);
        else tables.of[name].set(field, value);
    return ++tables.writes;
  }

  async read(life: string, table: FleetTable, fields: readonly string[]): Promise<(string | undefined)[]> {
    this.expire();
    const found = this.tables.get(life)?.of[table];
    return fields.map((field) => found?.get(field));
  }

  async claim(reaper: string): Promise<FleetEntry[]> {
    const now = this.now();
    const leaseMs = LEASE_BEATS * this.beatMs;
    this.heard(now);
    if (now < this.graceUntil) return [];
    const free = [...this.entries.values()].filter(
      ({ life, expiresAt }) => expiresAt <= now && (this.claims.get(life)?.until ?? 0) <= now,
    );
    const claimed = free.slice(0, MAX_CLAIMS);
    for (const { life } of claimed) this.claims.set(life, { reaper, until: now + leaseMs });
    return claimed;
  }

  async clear(life: string): Promise<number> {
    const count = this.cleared.get(life) ?? this.tables.get(life)?.of.records.size ?? 0;
    this.tables.delete(life);
    this.cleared.set(life, count);
    shorten(this.cleared);
    return count;
  }

  async bury({ life, reaper, note }: { life: string; reaper: string; note: string }): Promise<boolean> {
    const claim = this.claims.get(life);
    if (claim === undefined) return this.losses.get(life)?.note === note;
    if (claim.reaper !== reaper) return false;
    this.entries.delete(life);
    this.claims.delete(life);
    this.losses.set(life, { life, note });
    shorten(this.losses);
    return true;
  }

  async post(node: string, letter: string): Promise<void> {
    this.expire();
    const box = this.boxes.get(node) ?? { letters: [], expiresAt: 0 };
    this.boxes.set(node, box);
    box.expiresAt = this.now() + KEEP_BEATS * this.beatMs;
    box.letters.push(letter);
  }

  async take(node: string): Promise<FleetMail> {
    const box = this.boxes.get(node);
    const letters = box?.letters.splice(0, MAX_LETTERS) ?? [];
    if (box?.letters.length === 0) this.boxes.delete(node);
    return { now: this.now(), letters };
  }

  /** The names of everything that it holds at present: nothing, when the last node has left. */
  held(): string[] {
    this.expire();
    const { entries, claims, losses, tables, cleared, boxes } = this;
    return Object.entries({ entries, claims, losses, tables, cleared, boxes }).flatMap(([kind, each]) =>
      [...each.keys()].map((name) => `${kind} ${name}`),
    );
  }

  /** Milliseconds since the Unix epoch, as of the start of the process: nobody sets this clock. */
  private now(): number {
    return Math.floor(performance.timeOrigin + performance.now());
  }

  /** A node is heard of: after a pause nobody is taken for dead for a lease. */
  private heard(now: number): void {
    if (now - this.heardAt > AWAY_BEATS * this.beatMs) this.graceUntil = now + LEASE_BEATS * this.beatMs;
    this.heardAt = now;
  }

  /** Drops what nobody has renewed. */
  private expire(): void {
    const now = this.now();
    for (const [life, { expiresAt }] of this.tables) if (expiresAt <= now) this.tables.delete(life);
    for (const [node, { expiresAt }] of this.boxes) if (expiresAt <= now) this.boxes.delete(node);
    // As the directory as a whole, when the last beat is so long ago.
    const oldest = now - (KEEP_BEATS - LEASE_BEATS) * this.beatMs;
    if ([...this.entries.values()].every(({ expiresAt }) => expiresAt <= oldest)) this.entries.clear();
  }
}

function emptyTables(): Tables['of'] {
  return { records: new Map(), activity: new Map(), identities: new Map() };
}

/** Forgets the oldest. */
function shorten(map: Map<string, unknown>): void {
  if (map.size <= MAX_LOSSES) return;
  const [oldest] = map.keys();
  if (oldest !== undefined) map.delete(oldest);
}
