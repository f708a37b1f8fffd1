import { NEVER, type AwakeTime } from '../clock/awake.clock.js';
import type { Connection } from '../connection/connection.js';

/** Notes since when the app has sent no part of the message that holds a question up (R9). */
export function noteHold(connection: Connection, now: AwakeTime): void {
  if (connection.heldUpSince !== NEVER && connection.fragments === connection.fragmentsAtHold) return;
  connection.heldUpSince = now;
  connection.fragmentsAtHold = connection.fragments;
}

/** Nothing holds questions up any more. It could not be asked meanwhile, so its silence says nothing. */
export function releaseHold(connection: Connection): void {
  if (connection.heldUpSince === NEVER) return;
  connection.isHeldUp = false;
  connection.heldUpSince = NEVER;
  connection.lastPeerAt = Math.max(connection.lastPeerAt, connection.lastHopAt);
}

/** Whether the app seems to have forgotten a message that it began: nobody may live on a hop's word for ever (R1). */
export function isForgotten({ heldUpSince, server }: Connection, now: AwakeTime): boolean {
  return now - heldUpSince > server.settings.progress.maxMessageMs;
}
