import type { AgeBucket, Census, IdleBucket } from '../connection/connection.census.js';
import type { ConnectionMirror } from './connection.mirror.js';
import type { FleetSource, Mirrored } from './fleet.source.js';
import type { StaleSession } from './node.summary.js';
import { BLOCK_SIZE } from './record.codec.js';

/** Places looked at in one turn of the event loop. */
const SLICE = 64 * BLOCK_SIZE;
/** Identities that are told of, however many connections each of them has. */
export const MAX_STALE_SESSIONS = 20;

/** What a pass over all connections has counted. */
export interface PassReport {
  readonly census: Census;
  readonly overdue: number;
  readonly staleSessions: readonly StaleSession[];
}

/**
 * Looks at all connections, some in each turn of the event loop.
 *
 * @param isActivityDue whether their activity is to be written
 */
export async function passOver<Each extends Mirrored>(
  mirror: ConnectionMirror<Each>,
  source: FleetSource<Each>,
  isActivityDue: boolean,
): Promise<PassReport> {
  const count = new StaleCount(source);
  const census = source.census([]);
  for (let place = 0; place < mirror.end; place += SLICE) {
    if (place > 0) await new Promise<void>((resume) => source.nextTurn(resume));
    addTo(census, source.census(count.passing(mirror.between(place, place + SLICE))));
    if (isActivityDue) mirror.noteActivity(place, place + SLICE);
  }
  return { census, ...count.found() };
}

/** The same at once, where there is no mirror. */
export function countAll<Each extends Mirrored>(source: FleetSource<Each>): PassReport {
  const count = new StaleCount(source);
  return { census: source.census(count.passing(source.all())), ...count.found() };
}

/** Counts the stale among the connections that pass by. */
class StaleCount<Each extends Mirrored> {
  private overdue = 0;
  private readonly longestIdle = new Map<string, number>();

  constructor(private readonly source: FleetSource<Each>) {}

  found(): Omit<PassReport, 'census'> {
    const staleSessions = [...this.longestIdle].map(([identity, idleMs]) => ({ identity, idleMs }));
    return { overdue: this.overdue, staleSessions };
  }

  *passing(connections: Iterable<Each>): Generator<Each> {
    for (const connection of connections) {
      this.judge(connection);
      yield connection;
    }
  }

  private judge(connection: Each): void {
    const { staleAfterMs, overdueAfterMs } = this.source.limitsOf(connection);
    const idleMs = this.source.idleMs(connection);
    if (idleMs <= staleAfterMs) return;
    if (idleMs > overdueAfterMs) this.overdue++;
    const { longestIdle } = this;
    const { identity } = connection;
    if (identity === undefined) return;
    const known = longestIdle.get(identity);
    if (known === undefined ? longestIdle.size < MAX_STALE_SESSIONS : idleMs > known)
      longestIdle.set(identity, idleMs);
  }
}

/** Adds what another has counted. */
export function addTo(
  census: Census,
  other: Pick<Census, 'total' | 'closing' | 'byAge' | 'byLastActivity'>,
): void {
  census.total += other.total;
  census.closing += other.closing;
  addEach<AgeBucket>(census.byAge, other.byAge);
  addEach<IdleBucket>(census.byLastActivity, other.byLastActivity);
}

/** Adds counts by name. */
export function addEach<Key extends string>(
  counts: Record<Key, number>,
  more: Readonly<Record<Key, number>>,
): void {
  for (const key of Object.keys(counts) as Key[]) counts[key] += more[key] ?? 0;
}
