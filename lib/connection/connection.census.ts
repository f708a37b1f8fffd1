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
}

/** Counts connections in one pass. */
export function takeCensus(connections: Iterable<Connection>, clock: AwakeClock): CensusReport {
  const all = emptyCensus();
  const byGateway = new Map<string, Census>();
  const now = clock.toEpoch(clock.now());
  for (const connection of connections) {
    const { name } = connection.server;
    const gateway = byGateway.get(name) ?? emptyCensus();
    byGateway.set(name, gateway);
    const age = bucketOf(AGES, now - clock.toEpoch(connection.openedAt));
    const idle = bucketOf(IDLE, now - clock.toEpoch(connection.lastActivityAt));
    for (const census of [all, gateway]) {
      census.total++;
      census.byAge[age]++;
      census.byLastActivity[idle]++;
      if (connection.state === 'closing') census.closing++;
    }
  }
  return { all, byGateway };
}

function emptyCensus(): Census {
  return {
    total: 0,
    closing: 0,
    byAge: { '0-1h': 0, '1-6h': 0, '6-12h': 0, '12-24h': 0, '24h+': 0 },
    byLastActivity: { active_last_60s: 0, 'idle_1-5min': 0, 'idle_5min+': 0 },
  };
}

function bucketOf<Bucket extends string>(limits: Readonly<Record<Bucket, number>>, value: number): Bucket {
  const buckets = Object.keys(limits) as Bucket[];
  return buckets.find((bucket) => value < limits[bucket]) ?? buckets.at(-1)!;
}
