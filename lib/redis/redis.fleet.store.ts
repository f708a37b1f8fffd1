import { ConnectionHealthArgumentError } from '../connection-health.errors.js';
import {
  AWAY_BEATS,
  DEFAULT_BEAT_MS,
  FLEET_TABLES,
  KEEP_BEATS,
  LEASE_BEATS,
  lifePrefixOf,
  MAX_CLAIMS,
  MAX_LETTERS,
  MAX_LOSSES,
  REMEMBER_LOSSES_MS,
  type BeatReply,
  type FleetChanges,
  type FleetDirectory,
  type FleetEntry,
  type FleetMail,
  type FleetStore,
  type FleetTable,
  type NodeBeat,
} from '../fleet/fleet.store.js';
import { FleetKeys } from './fleet.keys.js';
import { senderOf, type RedisClient } from './redis.client.js';
import { afterNumber, list, numberOf, textOf, triples } from './redis.replies.js';
import { ScriptRunner } from './script.runner.js';
import { BEAT } from './scripts/beat.js';
import { BURY } from './scripts/bury.js';
import { CLAIM } from './scripts/claim.js';
import { CLEAR } from './scripts/clear.js';
import { DIRECTORY } from './scripts/directory.js';
import { LEAVE } from './scripts/leave.js';
import { POST } from './scripts/post.js';
import { TAKE } from './scripts/take.js';
import { WRITE } from './scripts/write.js';

const DEFAULT_PREFIX = 'connection-health';
/** Letters that a box keeps. */
const BOX_SIZE = 1_000;
/** The fewest milliseconds between two beats: nodes look at what is due four times a second. */
const MIN_BEAT_MS = 500;

/** All optional. */
export interface RedisFleetStoreOptions {
  /** What all keys begin with: apps that are not to see each other need different ones. No braces. @default 'connection-health' */
  readonly prefix?: string;
  /**
   * Milliseconds between two beats of each node; all nodes of a fleet need the same. A node that dies is lost for the
   * others within 3 beats.
   * @default 5_000
   */
  readonly beatMs?: number;
}

/**
 * A fleet that knows of itself through Redis 6.2 or later, alone, behind Sentinel, or as a cluster. The client is the app's
 * own: it is used, never connected or ended.
 *
 * @example
 * ```ts
 * ConnectionHealthModule.forRoot({ fleet: new RedisFleetStore(new Redis(process.env.REDIS_URL)) })
 * ```
 */
export class RedisFleetStore implements FleetStore {
  readonly name = 'redis';
  readonly beatMs: number;

  private readonly keys: FleetKeys;
  private readonly scripts: ScriptRunner;
  private readonly send: ReturnType<typeof senderOf>;
  private readonly leaseMs: string;
  private readonly awayMs: string;
  private readonly keepMs: string;

  /** @throws ConnectionHealthArgumentError for what is no client that is known, and for options that cannot be used */
  constructor(
    client: RedisClient,
    { prefix = DEFAULT_PREFIX, beatMs = DEFAULT_BEAT_MS }: RedisFleetStoreOptions = {},
  ) {
    if (typeof prefix !== 'string' || !/^[^{}\s]+$/.test(prefix))
      throw new ConnectionHealthArgumentError(
        'RedisFleetStore: prefix',
        'a text without braces or spaces',
        prefix,
      );
    if (!(Number.isInteger(beatMs) && beatMs >= MIN_BEAT_MS))
      throw new ConnectionHealthArgumentError(
        'RedisFleetStore: beatMs',
        `a whole number of milliseconds from ${MIN_BEAT_MS}`,
        beatMs,
      );
    this.send = senderOf(client);
    this.scripts = new ScriptRunner(this.send);
    this.keys = new FleetKeys(prefix);
    this.beatMs = beatMs;
    this.leaseMs = String(Math.round(LEASE_BEATS * beatMs));
    this.awayMs = String(Math.round(AWAY_BEATS * beatMs));
    this.keepMs = String(Math.round(KEEP_BEATS * beatMs));
  }

  async beat({ life, replaces = '', summary, isKnown }: NodeBeat): Promise<BeatReply> {
    const { nodes, summaries, claims, losses, meta } = this.keys;
    const times = [this.leaseMs, this.awayMs, this.keepMs];
    const args = [life, replaces, summary, isKnown ? '1' : '0', ...times, lifePrefixOf(life)];
    const [status, now, wasReaped] = list(
      await this.scripts.run(BEAT, [nodes, summaries, claims, losses, meta], args),
    );
    return {
      status: textOf(status) as BeatReply['status'],
      now: numberOf(now),
      wasReaped: numberOf(wasReaped) === 1,
    };
  }

  async directory(): Promise<FleetDirectory> {
    const { nodes, summaries, losses, meta } = this.keys;
    const args = [this.leaseMs, this.awayMs, this.keepMs];
    const [now, entries, lost] = list(
      await this.scripts.run(DIRECTORY, [nodes, summaries, losses, meta], args),
    );
    const notes = list(lost).map(textOf);
    return {
      now: numberOf(now),
      entries: entriesOf(entries),
      losses: notes.flatMap((life, at) =>
        at % 2 === 0 ? [{ life, note: afterNumber(notes[at + 1] ?? '') }] : [],
      ),
    };
  }

  async leave(life: string): Promise<void> {
    const { nodes, summaries, claims, losses, meta } = this.keys;
    const tables = this.keys.all(life);
    await Promise.all([
      this.scripts.run(LEAVE, [nodes, summaries, claims, losses, meta], [life]),
      this.send(tables[0]!, ['UNLINK', ...tables]),
    ]);
  }

  async write(life: string, changes: FleetChanges): Promise<number | undefined> {
    const args = FLEET_TABLES.flatMap((table) => argumentsOf(changes[table]));
    const writes = numberOf(await this.scripts.run(WRITE, this.keys.all(life), [this.keepMs, ...args]));
    return writes < 0 ? undefined : writes;
  }

  async read(life: string, table: FleetTable, fields: readonly string[]): Promise<(string | undefined)[]> {
    if (fields.length === 0) return [];
    const key = this.keys.table(life, table);
    const found = list(await this.send(key, ['HMGET', key, ...fields]));
    return found.map((text) => (text === null || text === undefined ? undefined : textOf(text)));
  }

  async claim(reaper: string): Promise<FleetEntry[]> {
    const { nodes, summaries, claims, meta } = this.keys;
    const args = [reaper, this.leaseMs, this.awayMs, this.keepMs, String(MAX_CLAIMS)];
    return entriesOf(await this.scripts.run(CLAIM, [nodes, summaries, claims, meta], args));
  }

  async clear(life: string): Promise<number> {
    return numberOf(await this.scripts.run(CLEAR, this.keys.all(life), [this.keepMs]));
  }

  async bury({ life, reaper, note }: { life: string; reaper: string; note: string }): Promise<boolean> {
    const { nodes, summaries, claims, losses } = this.keys;
    const args = [life, reaper, note, String(REMEMBER_LOSSES_MS), String(MAX_LOSSES)];
    return numberOf(await this.scripts.run(BURY, [nodes, summaries, claims, losses], args)) === 1;
  }

  async post(node: string, letter: string): Promise<void> {
    await this.scripts.run(POST, [this.keys.box(node)], [letter, this.keepMs, String(BOX_SIZE)]);
  }

  async take(node: string): Promise<FleetMail> {
    const reply = await this.scripts.run(TAKE, [this.keys.box(node)], [String(MAX_LETTERS)]);
    const [now, letters] = list(reply);
    return { now: numberOf(now), letters: list(letters).map(textOf) };
  }
}

function argumentsOf(changes: ReadonlyMap<string, string | undefined>): string[] {
  const sets: string[] = [];
  const gone: string[] = [];
  for (const [field, text] of changes)
    if (text === undefined) gone.push(field);
    else sets.push(field, text);
  return [String(sets.length / 2), ...sets, String(gone.length), ...gone];
}

function entriesOf(reply: unknown): FleetEntry[] {
  return triples(reply).map(([life, expiresAt, summary]) => ({
    life: textOf(life),
    expiresAt: numberOf(expiresAt),
    summary: afterNumber(textOf(summary)),
  }));
}
