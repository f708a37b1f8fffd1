import { NEVER, type AwakeTime } from '../clock/awake.clock.js';
import type { Connection, GhostKind } from '../connection/connection.js';
import { beatIntervalOf } from '../connection/connection.settings.js';
import { observeOutflow, unconfirmedBytesOf } from '../connection/outflow.js';
import { isStale } from './liveness.policy.js';
import { noteUnaskedUpload } from './upload.progress.js';

/** Where nothing is asked there is no timeout to take as the measure for bytes that do not move. */
const FALLBACK_TIMEOUT_MS = 20_000;

/** Whether nothing proves that an open connection is alive (R5); notes how its bytes move. */
export function isSilent(connection: Connection, staleAfterMs: number, now: AwakeTime): boolean {
  const { heartbeat, progress } = connection.server.settings;
  if (heartbeat === false) noteUnaskedUpload(connection, now);
  if (now - connection.lastActivityAt <= staleAfterMs) return false;
  const facts = {
    isPaused: connection.isUnheard,
    unsentMovedAt: observeOutflow(connection, now)?.movedAt ?? NEVER,
    bytesAhead: unconfirmedBytesOf(connection),
    lastActivityAt: connection.lastActivityAt,
  };
  return isStale(facts, { ...progress, staleAfterMs, timeoutMs: timeoutMsOf(connection) }, now);
}

/** How long a connection has for an answer, in milliseconds. */
export function timeoutMsOf({ server }: Connection): number {
  const { heartbeat } = server.settings;
  return heartbeat === false ? FALLBACK_TIMEOUT_MS : heartbeat.timeoutMs;
}

/** Whether a stale connection is only reported. */
export function isObserved(connection: Connection): boolean {
  const { sweep, heartbeat } = connection.server.settings;
  return (
    (sweep !== false && sweep.mode === 'observe') || (heartbeat !== false && heartbeat.enforce === 'observe')
  );
}

/** Rule R8, for a connection that nobody has just asked: by whether a hop has spoken since its peer did. */
export function ghostKindOf(connection: Connection): GhostKind {
  const { settings } = connection.server;
  if (!connection.isPinged) return 'unknown';
  const patienceMs = 2 * (beatIntervalOf(settings) ?? 0);
  return connection.lastHopAt - connection.lastPeerAt > patienceMs ? 'proxy_answered' : 'silent';
}
