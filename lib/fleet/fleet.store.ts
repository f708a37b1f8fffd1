/** The tables of short texts that each node keeps in a store: what it has, when that last gave a sign of life, and who it belongs to. */
export const FLEET_TABLES = ['records', 'activity', 'identities'] as const;

/** One of {@link FLEET_TABLES}. */
export type FleetTable = (typeof FLEET_TABLES)[number];

/** What is different in the tables of a node: texts by field, `undefined` for a field that is gone. */
export type FleetChanges = Readonly<Record<FleetTable, ReadonlyMap<string, string | undefined>>>;

/** A node's sign of life. */
export interface NodeBeat {
  /**
   * Which life of which node, as `<node>.<number>`: a node that was reaped, or does not know what was written, begins
   * another one. With the first beat of a life all others of its node end, but for those that are being reaped.
   */
  readonly life: string;
  /** The node's life before. */
  readonly replaces?: string;
  /** What the node says of itself; the store does not read it. */
  readonly summary: string;
  /** Whether this life has beaten before: the store is asked whether it still knows it. */
  readonly isKnown: boolean;
}

/** What became of a beat. */
export interface BeatReply {
  /**
   * `kept`: the lease runs anew. `reaped`: others took this life for lost, and have cleared it away or are about to.
   * `forgotten`: the store knows nothing of it any more. Neither of the two renews anything.
   */
  readonly status: 'kept' | 'reaped' | 'forgotten';
  /** Whether the life that was replaced had been taken for lost: it is left to its reaper. */
  readonly wasReaped?: boolean;
  /** The store's time, milliseconds since the Unix epoch. */
  readonly now: number;
}

/** A life in the directory. */
export interface FleetEntry {
  readonly life: string;
  /** When its lease ends, by the store's time; it may be over. */
  readonly expiresAt: number;
  readonly summary: string;
}

/** A life that was reaped. */
export interface FleetLoss {
  readonly life: string;
  /** Whatever the reaper noted. */
  readonly note: string;
}

/** All lives that are known, and those that were lost lately. */
export interface FleetDirectory {
  /** The store's time, milliseconds since the Unix epoch. */
  readonly now: number;
  readonly entries: readonly FleetEntry[];
  readonly losses: readonly FleetLoss[];
}

/** Letters to a node, taken out of its box. */
export interface FleetMail {
  /** The store's time, milliseconds since the Unix epoch. */
  readonly now: number;
  readonly letters: readonly string[];
}

/**
 * Where the nodes of a fleet know of each other. All times are the store's own: clocks of nodes differ.
 *
 * Who expires what, with `beatMs` the time between two beats of a node:
 * - The **lease** of a life runs for {@link LEASE_BEATS} beats from its last beat, and the store judges it.
 * - A life whose lease is over stays in the directory until a node has {@link claim}ed and {@link bury}ed it. A claim that
 *   is not followed by a burial within a lease may be claimed by another node.
 * - The **tables** of a life are deleted by {@link clear} or {@link leave}; where neither comes, because all nodes died, the
 *   store drops them itself {@link KEEP_BEATS} beats after the last write, and its directory as well.
 * - Letters that nobody takes are dropped after {@link KEEP_BEATS} beats.
 *
 * Whoever calls bounds the time that it waits, and calls a second time without knowing what became of the first: so that
 * every method must bear being called twice.
 */
export interface FleetStore {
  /** A word for people: `memory`, `redis`. */
  readonly name: string;
  /** Milliseconds between two beats of each node; everything else follows from it. */
  readonly beatMs: number;

  /** Renews the lease of a life, or begins it, unless others have reaped it. */
  beat(beat: NodeBeat): Promise<BeatReply>;
  /** Everybody in the directory. */
  directory(): Promise<FleetDirectory>;
  /** A life has ended well: nothing of it is left. */
  leave(life: string): Promise<void>;

  /**
   * Writes what is different in the tables of a life.
   *
   * @returns how many writes the tables of this life have seen, this one included: of three that differ, the fewest. A store
   *   that came back without its last writes, or has dropped a table, tells by this number that it did. `undefined` where
   *   the life was cleared away, and then nothing was written
   */
  write(life: string, changes: FleetChanges): Promise<number | undefined>;
  /** Reads fields of a table of a life, in the order asked for. */
  read(life: string, table: FleetTable, fields: readonly string[]): Promise<(string | undefined)[]>;

  /**
   * Claims lives whose lease is over for this reaper: at most 10, each for one reaper at a time.
   *
   * Nobody is claimed for the length of a lease after a time of {@link AWAY_BEATS} in which the directory heard of no node,
   * by {@link beat}, {@link directory} or {@link claim}: the store itself was away, and the leases that ran out meanwhile say
   * nothing.
   */
  claim(reaper: string): Promise<FleetEntry[]>;
  /** Deletes the tables of a life for good; later writes are refused. @returns how many records it had, also when asked again */
  clear(life: string): Promise<number>;
  /**
   * Takes a life out of the directory and notes the loss.
   *
   * @param order the note differs from those of all other reapers
   * @returns whether the claim was still this reaper's; the same when asked again with the same note
   */
  bury(order: { readonly life: string; readonly reaper: string; readonly note: string }): Promise<boolean>;

  /** Puts a letter into the box of a node. */
  post(node: string, letter: string): Promise<void>;
  /** Empties the box of a node, the oldest letter first, at most 100. */
  take(node: string): Promise<FleetMail>;
}

/** The lease of a life, in beats: one beat may be late or lost. */
export const LEASE_BEATS = 2.4;
/** How long the store keeps what nobody renews, in beats. */
export const KEEP_BEATS = 12;
/**
 * The directory has heard of no node for so many beats: the store was away. Each node is heard more often than this, also
 * where calls take almost as long as it waits for them; and whoever was about to beat when such a pause began still has the
 * time to do so after it.
 */
export const AWAY_BEATS = 0.8;
/** The node that a life is one of, as the beginning that all its lives share. */
export function lifePrefixOf(life: string): string {
  return life.slice(0, life.lastIndexOf('.') + 1);
}
/** Letters given out at once, and lives claimed at once. */
export const MAX_LETTERS = 100;
export const MAX_CLAIMS = 10;
/** Losses that the directory remembers, and for how long after the last one: a node that slept must learn that it was reaped. */
export const MAX_LOSSES = 50;
export const REMEMBER_LOSSES_MS = 3_600_000;

/** Milliseconds between two beats where nothing else is said: whoever is killed is lost for the others within 15 s. */
export const DEFAULT_BEAT_MS = 5_000;
