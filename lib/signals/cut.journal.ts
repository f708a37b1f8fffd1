import type { AwakeClock, AwakeTime } from '../clock/awake.clock.js';
import type { Clock } from '../clock/clock.js';
import type { Connection } from '../connection/connection.js';
import type { ConnectionEnd, ConnectionFollower } from '../connection/connection.follower.js';
import { beatIntervalOf } from '../connection/connection.settings.js';

/** What a socket reports that ended without a close frame (RFC 6455 section 7.1.5). */
const ABNORMAL = 1006;
const MAX_CUTS = 256;
/** Of those that end at one moment so many say as much as all: a blip cuts everybody, and must not crowd out the rest. */
const MOMENT_MS = 10_000;
const MAX_CUTS_A_MOMENT = 8;
/** How exact the age of a silence has to be; stalls blur it. */
const EXACT_MS = 500;

/** A connection that the other side has ended without a close frame. */
export interface Cut {
  /** When it was cut, monotonic. */
  readonly at: number;
  /** How long no byte had passed, in either direction. */
  readonly silentMs: number;
}

/** Remembers how long connections that were cut had been silent. */
export class CutJournal implements ConnectionFollower {
  /** Of connections that are closing, until it is known how they ended. */
  private readonly silences = new Map<Connection, number>();
  /** Oldest first. */
  private readonly cuts: Cut[] = [];
  private moment = { number: -1, cuts: 0 };
  private tickedAt: AwakeTime = 0;

  constructor(
    private readonly clock: Clock,
    private readonly awake: AwakeClock,
  ) {}

  /** From here on it is this time, to {@link sent}. */
  tick(): void {
    this.tickedAt = this.awake.now();
  }

  /** The app has sent something. Called for each message, so it looks at no clock. */
  sent(connection: Connection): void {
    connection.appSentAt = this.tickedAt;
  }

  closing(connection: Connection): void {
    const silentMs = this.silentMsOf(connection);
    if (silentMs !== undefined) this.silences.set(connection, silentMs);
  }

  closed(connection: Connection, { receivedCode }: ConnectionEnd): void {
    const silentMs = this.silences.get(connection);
    if (silentMs === undefined) return;
    this.silences.delete(connection);
    if (receivedCode === ABNORMAL) this.note(silentMs);
  }

  forgotten(connection: Connection): void {
    this.silences.delete(connection);
  }

  /** Those of the last `spanMs`, oldest first. */
  recent(spanMs: number): Cut[] {
    const now = this.clock.monotonic();
    return this.cuts.filter(({ at }) => now - at <= spanMs);
  }

  private note(silentMs: number): void {
    const at = this.clock.monotonic();
    const number = Math.floor(at / MOMENT_MS);
    if (number !== this.moment.number) this.moment = { number, cuts: 0 };
    if (++this.moment.cuts > MAX_CUTS_A_MOMENT) return;
    this.cuts.push({ at, silentMs });
    if (this.cuts.length > MAX_CUTS) this.cuts.shift();
  }

  /** How long no byte had passed; `undefined` where that is not known, or where the end began on this side. */
  private silentMsOf(connection: Connection): number | undefined {
    if (!wasEndedByPeer(connection) || isBusy(connection)) return undefined;
    const now = this.awake.now();
    const { openedAt, lastPeerAt, lastHopAt, appSentAt } = connection;
    const last = Math.max(openedAt, lastPeerAt, lastHopAt, appSentAt, lastBeatOf(connection, now));
    return this.awake.creditedSince(last) > EXACT_MS ? undefined : now - last;
  }
}

/** A FIN or a reset has come; an app that destroys its socket, as after a login that took too long, hears neither. */
function wasEndedByPeer({ closing, sentCode, raw }: Connection): boolean {
  if (closing !== undefined || sentCode !== undefined || raw === undefined) return false;
  return raw.readableEnded === true || (raw.errored ?? null) !== null;
}

/** Whether bytes may have moved that nobody has seen whole. */
function isBusy({ isPaused, upload, unsentBytes }: Connection): boolean {
  return isPaused || upload !== undefined || unsentBytes > 0;
}

/** When we last asked. What was answered since is newer, and so are single pings, which are answered at once. */
function lastBeatOf({ beatAt, server }: Connection, now: AwakeTime): AwakeTime {
  const intervalMs = beatIntervalOf(server.settings);
  if (intervalMs === undefined) return 0;
  return beatAt <= now ? beatAt : beatAt - intervalMs;
}
