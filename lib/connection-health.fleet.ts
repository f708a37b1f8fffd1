import type { ConnectionHealthRuntime } from './connection-health.runtime.js';
import { takeCensus } from './connection/connection.census.js';
import type { ConnectionFollower } from './connection/connection.follower.js';
import type { Connection } from './connection/connection.js';
import { beatIntervalOf, type ConnectionSettings } from './connection/connection.settings.js';
import { FleetMember } from './fleet/fleet.member.js';
import type { FleetSource, StaleLimits } from './fleet/fleet.source.js';
import { FleetView } from './fleet/fleet.view.js';

const DEFAULT_HEARTBEAT_MS = 30_000;
/** Sweeps that may come late before what they would have closed is overdue. */
const SWEEPS_OF_GRACE = 2;
/** Silence is stale, and overdue, after so many heartbeats where no sweep says anything else. */
const STALE_BEATS = 3;
const OVERDUE_BEATS = 6;

/** This process's part in a fleet. Without the option `fleet` only the view is there, and does nothing until it is asked. */
export interface FleetParts {
  readonly view: FleetView<Connection>;
  readonly member: FleetMember<Connection> | undefined;
  readonly followers: readonly ConnectionFollower[];
}

export function fleetFor(parts: ConnectionHealthRuntime): FleetParts {
  const { options, bus, findings: board, commands } = parts;
  const { fleet: store, clock } = options;
  const source = sourceOf(parts);
  const member =
    store === undefined
      ? undefined
      : new FleetMember({ store, source, bus, board, commands, monotonic: () => clock.monotonic() });
  const view = new FleetView({ source, commands, store, member });
  if (member === undefined) return { view, member, followers: [] };
  const { mirror } = member;
  const follower: ConnectionFollower = {
    opened: (connection) => mirror.put(connection),
    identified: (connection) => mirror.update(connection),
    carried: (connection) => mirror.update(connection),
    closed: (connection) => mirror.drop(connection),
    forgotten: (connection) => mirror.drop(connection),
  };
  return { view, member, followers: [follower] };
}

function sourceOf(parts: ConnectionHealthRuntime): FleetSource<Connection> {
  const { options, awake, registry, photographer, findings } = parts;
  const { clock } = options;
  const limits = new WeakMap<ConnectionSettings, StaleLimits>();
  const limitsOf = (settings: ConnectionSettings): StaleLimits => {
    const known = limits.get(settings) ?? staleLimitsOf(settings);
    limits.set(settings, known);
    return known;
  };
  return {
    nodeId: photographer.idPrefix,
    startedAt: clock.epoch(),
    get heartbeatMs() {
      const intervals = [...parts.binder.servers()].map(({ settings }) => beatIntervalOf(settings));
      return Math.min(DEFAULT_HEARTBEAT_MS, ...intervals.filter((each) => each !== undefined));
    },
    identityCount: () => [...registry.identities().values()].reduce((one, other) => one + other, 0),
    connectionCount: () => registry.size,
    findings: () => findings.list(),
    all: () => registry,
    census: (connections) => takeCensus(connections, awake).all,
    toEpoch: (awakeTime) => awake.toEpoch(awakeTime),
    idleMs: ({ lastActivityAt }) => awake.now() - lastActivityAt,
    limitsOf: ({ server }) => limitsOf(server.settings),
    connections: (filter) => parts.reports.connections(filter),
    now: () => clock.epoch(),
    nextTurn: (run) => clock.afterPoll(run),
  };
}

function staleLimitsOf(settings: ConnectionSettings): StaleLimits {
  const { sweep } = settings;
  if (sweep !== false) {
    const { staleAfterMs, intervalMs, closeTimeoutMs } = sweep;
    return { staleAfterMs, overdueAfterMs: staleAfterMs + SWEEPS_OF_GRACE * intervalMs + closeTimeoutMs };
  }
  const beatMs = beatIntervalOf(settings) ?? DEFAULT_HEARTBEAT_MS;
  return { staleAfterMs: STALE_BEATS * beatMs, overdueAfterMs: OVERDUE_BEATS * beatMs };
}
