import type { LifecycleEventType } from './lifecycle.events.js';

/** Levels of Nest's logger that events are logged at, quietest first. */
export const LOG_LEVELS = ['debug', 'log', 'warn', 'error'] as const;

export type LogLevel = (typeof LOG_LEVELS)[number];

/** One row of {@link LIFECYCLE_CATALOGUE}. */
export interface LifecycleRow {
  readonly level: LogLevel;
  /** What the log line says. */
  readonly message: string;
}

/** Every event with its log level and message, in the order of a connection's life. */
export const LIFECYCLE_CATALOGUE = {
  opened: { level: 'log', message: 'connection opened' },
  identified: { level: 'debug', message: 'connection identified' },
  resumed: { level: 'log', message: 'client has come back' },
  missed: { level: 'warn', message: 'heartbeat missed' },
  stale: { level: 'warn', message: 'connection stale' },
  spared: { level: 'warn', message: 'connection would have been closed, but is only observed' },
  held: { level: 'debug', message: 'verdict held, asked once more' },
  mass_timeout: {
    level: 'warn',
    message:
      'very many connections fell silent at once, so that the fault may be here: all are asked once more',
  },
  clients_do_not_answer: {
    level: 'error',
    message:
      'no client has ever answered a heartbeat, so that nobody is closed for a miss until one does: let clients answer server_ping, or set heartbeat: false',
  },
  clients_answer: { level: 'log', message: 'a client has answered a heartbeat; misses count from now on' },
  socket_failed: { level: 'log', message: 'socket failed' },
  backpressured: { level: 'warn', message: 'reader too slow, bytes pile up' },
  backpressure_relieved: { level: 'log', message: 'reader has caught up' },
  close_stuck: { level: 'warn', message: 'socket destroyed, but its end was not reported' },
  registry_mismatch: { level: 'warn', message: 'tracked connections and sockets did not agree; mended' },
  finding_raised: { level: 'warn', message: 'finding' },
  finding_cleared: { level: 'log', message: 'finding cleared' },
  drain_started: { level: 'log', message: 'drain started' },
  drained: { level: 'log', message: 'drain done' },
  recovered: { level: 'log', message: 'connection recovered' },
  closed: { level: 'log', message: 'connection closed' },
  stalled: { level: 'warn', message: 'event loop stalled, the time was credited to all deadlines' },
  swept: { level: 'debug', message: 'sweep done' },
  fleet_node_lost: { level: 'warn', message: 'a node of the fleet is lost, and was cleared away' },
  fleet_rejoined: { level: 'warn', message: 'written into the store of the fleet anew' },
  audit_began: { level: 'log', message: 'an audit of the way to this gateway has begun' },
  audit_refused: { level: 'warn', message: 'an audit was refused' },
  user_code_failed: { level: 'error', message: 'a function of the app failed' },
} as const satisfies Record<LifecycleEventType, LifecycleRow>;
