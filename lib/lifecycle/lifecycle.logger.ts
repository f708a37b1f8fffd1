import type { CloseReason } from '../protocol/close-reasons.js';
import type { LifecycleBus } from './lifecycle.bus.js';
import { LIFECYCLE_CATALOGUE, LOG_LEVELS, type LogLevel } from './lifecycle.catalogue.js';
import type { Finding, LifecycleEvent, LifecycleEventType } from './lifecycle.events.js';

/** What we use of Nest's `Logger`. */
export type LogSink = Record<LogLevel, (line: object | string) => void>;

/** Resolved logging options. */
export interface LoggingSettings {
  /** The quietest level that is logged, or none. */
  readonly level: LogLevel | 'off';
  readonly maxPerSecond: number;
}

/** Ends that somebody may have to look into. */
const LOUD_REASONS: ReadonlySet<CloseReason> = new Set([
  'timeout',
  'stale_sweep',
  'backpressure',
  'evicted',
  'abuse',
]);

const LOOK_AHEAD =
  'set heartbeat.enforce to "negotiated" to hold only clients that have answered once, or to "observe" to close nobody, until all clients answer';

/** Writes events to the log as structured objects: an audit trail, limited in rate. */
export class LifecycleLogger {
  private windowStartsAt = 0;
  private linesInWindow = 0;
  private leftOut = 0;
  /** Lines that the app's logger refused. */
  unsaid = 0;
  private hasExplainedRollout = false;

  constructor(
    private readonly parts: {
      readonly sink: LogSink;
      readonly settings: LoggingSettings;
      /** Monotonic milliseconds. */
      readonly now: () => number;
    },
  ) {}

  /** Logs whatever the level asks for from now on. */
  listenTo(bus: LifecycleBus): void {
    for (const type of Object.keys(LIFECYCLE_CATALOGUE) as LifecycleEventType[]) {
      if (this.isLogged(type)) bus.on(type, (event: LifecycleEvent) => this.write(event));
    }
  }

  /** Says how many lines were left out, if any. Called once a second or so, and at the end. */
  flush(now = this.parts.now()): void {
    if (now - this.windowStartsAt < 1000) return;
    const { leftOut } = this;
    this.windowStartsAt = now;
    this.linesInWindow = 0;
    this.leftOut = 0;
    if (leftOut === 0) return;
    const level = this.parts.settings.level === 'error' ? 'error' : 'warn';
    this.say(level, { message: 'lines left out, more than logging.maxPerSecond', leftOut });
  }

  /** A logger of the app's own may fail (R11); there is nowhere left to tell. */
  private say(level: LogLevel, line: object): void {
    try {
      this.parts.sink[level](line);
    } catch {
      this.unsaid++;
    }
  }

  private isLogged(type: LifecycleEventType): boolean {
    const { level } = this.parts.settings;
    // Ends may be louder than their row says.
    return level !== 'off' && (type === 'closed' || rank(LIFECYCLE_CATALOGUE[type].level) >= rank(level));
  }

  private write(event: LifecycleEvent): void {
    const level = levelOf(event);
    const { settings } = this.parts;
    if (settings.level === 'off' || rank(level) < rank(settings.level)) return;
    this.flush();
    if (++this.linesInWindow > settings.maxPerSecond) {
      this.leftOut++;
      return;
    }
    this.say(level, lineOf(event));
    this.explainRollout(event);
  }

  private explainRollout(event: LifecycleEvent): void {
    if (this.hasExplainedRollout || event.type !== 'closed' || event.reason !== 'timeout') return;
    if (event.ghost !== 'proxy_answered' || event.evidence.hasAnswered) return;
    this.hasExplainedRollout = true;
    this.say('warn', {
      message: `a client that answers protocol pings but has never answered a heartbeat was closed. If it does not speak heartbeats yet, ${LOOK_AHEAD}`,
    });
  }
}

function rank(level: LogLevel): number {
  return LOG_LEVELS.indexOf(level);
}

function levelOf(event: LifecycleEvent): LogLevel {
  if (event.type === 'closed' && LOUD_REASONS.has(event.reason)) return 'warn';
  if (event.type === 'finding_raised' && event.finding.severity === 'info') return 'log';
  return LIFECYCLE_CATALOGUE[event.type].level;
}

/** The event as a line: what happened and why first, then the connection, then what was known of it. */
function lineOf(event: LifecycleEvent): object {
  const { type, at, connection, evidence, report, finding, ...why } = event as LifecycleEvent &
    Record<string, unknown>;
  return defined({
    message: LIFECYCLE_CATALOGUE[type].message,
    type,
    at: new Date(at).toISOString(),
    ...why,
    ...told(connection as Record<string, unknown> | undefined),
    ...(evidence as object | undefined),
    ...(finding === undefined ? {} : findingOf(finding as Finding)),
    ...withoutList(report),
  });
}

/** The fields of a snapshot that a reader of logs looks for. */
function told(connection: Record<string, unknown> | undefined): object {
  if (connection === undefined) return {};
  const { transport, openedAt: _openedAt, lastActivityAt: _at, lastHopAt: _hopAt, ...rest } = connection;
  // Of gateways on `ws` there is nothing to tell.
  return transport === 'ws' ? rest : { ...rest, transport };
}

/** The connections of a report are told by their own events. */
function withoutList(report: unknown): object {
  const { connections, ...rest } = (report ?? {}) as { connections?: unknown };
  return Array.isArray(connections) ? rest : (report as object);
}

function findingOf({ message, ...rest }: Finding): object {
  return { ...rest, finding: message };
}

function defined(line: object): object {
  return Object.fromEntries(Object.entries(line).filter(([, value]) => value !== undefined));
}
