import type { AwakeClock, AwakeTime } from '../clock/awake.clock.js';
import type { Connection } from './connection.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** Connections counted by how long they have been open, and by how long they have been silent. */
export interface Census {
  total: number;
  closing: number;
  readonly byAge: Record<AgeBucket, number>;
  readonly byLastActivity: Record<IdleBucket, number>;
}

const AGES = {
  '0-1h': HOUR,
  '1-6h': 6 * HOUR,
  '6-12h': 12 * HOUR,
  '12-24h': 24 * HOUR,
  '24h+': Infinity,
} as const;
const IDLE = { active_last_60s: MINUTE, 'idle_1-5min': 5 * MINUTE, 'idle_5min+': Infinity } as const;

/** How long a connection has been open. */
export type AgeBucket = keyof typeof AGES;
/** How long ago a connection last gave evidence of life. */
export type IdleBucket = keyof typeof IDLE;

export interface CensusReport {
  readonly all: Census;
  readonly byGateway: ReadonlyMap<string, Census>;
  /** Of a gateway without connections. */
  readonly none: Census;
}

/** Counts connections in one pass, by the wall clock: stalls are part of an age. */
export function takeCensus(connections: Iterable<Connection>, clock: AwakeClock): CensusReport {
  const all = emptyCensus();
  const byGateway = new Map<string, Census>();
  const ages = boundsOf(AGES, clock);
  const idles = boundsOf(IDLE, clock);
  for (const connection of connections) {
    const { name } = connection.server;
    let gateway = byGateway.get(name);
    if (gateway === undefined) byGateway.set(name, (gateway = emptyCensus()));
    const age = bucketOf(ages, connection.openedAt);
    const idle = bucketOf(idles, connection.lastActivityAt);
    const isClosing = connection.state === 'closing';
    add(all, age, idle, isClosing);
    add(gateway, age, idle, isClosing);
  }
  return { all, byGateway, none: emptyCensus() };
}

/** A bucket, and the moment after which something must have happened to be in it: no clock is read for each connection. */
interface Bound<Bucket> {
  readonly bucket: Bucket;
  readonly after: AwakeTime;
}

function boundsOf<Bucket extends string>(
  limits: Readonly<Record<Bucket, number>>,
  clock: AwakeClock,
): readonly Bound<Bucket>[] {
  return (Object.keys(limits) as Bucket[]).map((bucket) => ({
    bucket,
    after: limits[bucket] === Infinity ? -Infinity : clock.before(limits[bucket]),
  }));
}

function bucketOf<Bucket>(bounds: readonly Bound<Bucket>[], moment: AwakeTime): Bucket {
  for (const { bucket, after } of bounds) if (moment > after) return bucket;
  return bounds.at(-1)!.bucket;
}

function add(census: Census, age: AgeBucket, idle: IdleBucket, isClosing: boolean): void {
  census.total++;
  census.byAge[age]++;
  census.byLastActivity[idle]++;
  if (isClosing) census.closing++;
}

function emptyCensus(): Census {
  return {
    total: 0,
    closing: 0,
    byAge: { '0-1h': 0, '1-6h': 0, '6-12h': 0, '12-24h': 0, '24h+': 0 },
    byLastActivity: { active_last_60s: 0, 'idle_1-5min': 0, 'idle_5min+': 0 },
  };
}
