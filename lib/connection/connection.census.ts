import type { AwakeClock, AwakeTime } from '../clock/awake.clock.js';
import { CLOSING, EMPTY, type ConnectionBlock } from './connection.block.js';
import type { Connection } from './connection.js';
import type { ConnectionRegistry } from './connection.registry.js';
import { hopCounts, hopMaskOf } from './hop.rule.js';

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

/** The same of all connections, over their columns: a million take some milliseconds. */
export function takeWholeCensus(registry: ConnectionRegistry, clock: AwakeClock): CensusReport {
  const count = new ColumnCount(registry, clock);
  let block = registry.blockAfter(0);
  for (; block !== undefined; block = registry.blockAfter(block.lastSequence)) count.add(block);
  return count.report();
}

const AGE_NAMES = Object.keys(AGES) as AgeBucket[];
const IDLE_NAMES = Object.keys(IDLE) as IdleBucket[];
/** Counts in a row for each server: by age, by silence, and of the closing. */
const FIRST_IDLE = AGE_NAMES.length;
const CLOSING_COUNT = FIRST_IDLE + IDLE_NAMES.length;
const WIDTH = CLOSING_COUNT + 1;

class ColumnCount {
  private readonly names: readonly (string | undefined)[];
  private readonly hopMasks: readonly number[];
  private readonly counts: Uint32Array;
  private readonly ages: Float64Array;
  private readonly idles: Float64Array;

  constructor(registry: ConnectionRegistry, clock: AwakeClock) {
    this.names = registry.byServerNumber(({ name }) => name);
    this.hopMasks = registry.byServerNumber(hopMaskOf);
    this.counts = new Uint32Array(this.names.length * WIDTH);
    this.ages = Float64Array.from(boundsOf(AGES, clock), ({ after }) => after);
    this.idles = Float64Array.from(boundsOf(IDLE, clock), ({ after }) => after);
  }

  add({ used, flags, servers, openedAt, lastPeerAt, lastHopAt }: ConnectionBlock): void {
    const { counts, ages, idles, hopMasks } = this;
    let age = placeOf(openedAt[0]!, ages);
    // A block is in the order in which its connections were opened: nearly every one lies within one age.
    const isOneAge = placeOf(openedAt[used - 1]!, ages) === age;
    for (let at = 0; at < used; at++) {
      const flagsOfIt = flags[at]!;
      if ((flagsOfIt & EMPTY) !== 0) continue;
      const server = servers[at]!;
      if (!isOneAge) age = placeOf(openedAt[at]!, ages);
      let idle = placeOf(lastPeerAt[at]!, idles);
      // Whoever spoke lately is nowhere better placed by what a hop has said.
      if (idle > 0 && hopCounts(flagsOfIt, hopMasks[server]!))
        idle = Math.min(idle, placeOf(lastHopAt[at]!, idles));
      const row = server * WIDTH;
      counts[row + age]!++;
      counts[row + FIRST_IDLE + idle]!++;
      if ((flagsOfIt & CLOSING) !== 0) counts[row + CLOSING_COUNT]!++;
    }
  }

  report(): CensusReport {
    const all = emptyCensus();
    const byGateway = new Map<string, Census>();
    for (const [server, name] of this.names.entries()) {
      if (name === undefined) continue;
      const gateway = byGateway.get(name) ?? emptyCensus();
      byGateway.set(name, gateway);
      this.addRow(server * WIDTH, all);
      this.addRow(server * WIDTH, gateway);
    }
    return { all, byGateway, none: emptyCensus() };
  }

  private addRow(row: number, census: Census): void {
    for (const [at, name] of AGE_NAMES.entries()) {
      census.byAge[name] += this.counts[row + at]!;
      census.total += this.counts[row + at]!;
    }
    for (const [at, name] of IDLE_NAMES.entries())
      census.byLastActivity[name] += this.counts[row + FIRST_IDLE + at]!;
    census.closing += this.counts[row + CLOSING_COUNT]!;
  }
}

/** The first bound that a moment comes after; the last is before everything. */
function placeOf(moment: AwakeTime, bounds: Float64Array): number {
  let place = 0;
  while (moment <= bounds[place]!) place++;
  return place;
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
