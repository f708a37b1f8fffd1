import type { AwakeTime } from '../clock/awake.clock.js';
import type { Connection } from '../connection/connection.js';
import type { PhaseSpreader } from './phase.spreader.js';
import { waitsForQuestions } from './wire.js';

/**
 * Gives a connection its place in the interval.
 *
 * @returns when to turn to it first: at its first beat, or out of turn once, before it, where its client would not wait
 */
export function firstTurnOf(
  connection: Connection,
  spreader: PhaseSpreader,
  now: AwakeTime,
  intervalMs: number,
): AwakeTime {
  // Whole, since in each record a fraction takes 16 bytes more.
  connection.beatAt = Math.ceil(spreader.firstBeat(now, intervalMs));
  const withinMs = connection.session?.askWithinMs;
  if (withinMs === undefined || !waitsForQuestions(connection)) return connection.beatAt;
  return Math.min(connection.beatAt, spreader.timeWithin(now, withinMs));
}
