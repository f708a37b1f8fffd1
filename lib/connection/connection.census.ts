import type { AwakeClock } from '../clock/awake.clock.js';
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

const AGE_BUCKETS = Object.entries(AGES) as [AgeBucket, number][];
const IDLE_BUCKETS = Object.entries(IDLE) as [IdleBucket, number][];

/** Connections counted at once where many are counted in turns: well under 5 ms. */
const SLICE = 5_000;

/** Counts connections in one pass. */
export function takeCensus(connections: Iterable<Connection>, clock: AwakeClock): CensusReport {
  const taker = new CensusTaker(clock);
  for (const connection of connections) taker.count(connection);
  return taker.report();
}

/** The same in slices, between which others may run; what changes meanwhile may be counted as it was or as it is. */
export async function takeCensusInTurns(
  connections: Iterable<Connection>,
  clock: AwakeClock,
  nextTurn: () => Promise<unknown>,
): Promise<CensusReport> {
  const taker = new CensusTaker(clock);
  let counted = 0;
  for (const connection of connections) {
    taker.count(connection);
    if (++counted % SLICE === 0) await nextTurn();
  }
  return taker.report();
}

class CensusTaker {
  private readonly all = emptyCensus();
  private readonly byGateway = new Map<string, Census>();
  private readonly now: number;

  constructor(private readonly clock: AwakeClock) {
    this.now = clock.toEpoch(clock.now());
  }

  count(connection: Connection): void {
    const { name } = connection.server;
    let gateway = this.byGateway.get(name);
    if (gateway === undefined) this.byGateway.set(name, (gateway = emptyCensus()));
    const age = bucketOf(AGE_BUCKETS, this.now - this.clock.toEpoch(connection.openedAt));
    const idle = bucketOf(IDLE_BUCKETS, this.now - this.clock.toEpoch(connection.lastActivityAt));
    const isClosing = connection.state === 'closing';
    add(this.all, age, idle, isClosing);
    add(gateway, age, idle, isClosing);
  }

  report(): CensusReport {
    return { all: this.all, byGateway: this.byGateway, none: emptyCensus() };
  }
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

function bucketOf<Bucket extends string>(buckets: readonly [Bucket, number][], value: number): Bucket {
  for (const [bucket, limit] of buckets) if (value < limit) return bucket;
  return buckets.at(-1)![0];
}
