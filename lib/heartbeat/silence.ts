import { NEVER, type AwakeTime } from '../clock/awake.clock.js';
import type { Connection } from '../connection/connection.js';
import { beatIntervalOf } from '../connection/connection.settings.js';

/**
 * When the silence of a client that asks by itself becomes worth a question: an interval after it was last heard of, or
 * after its silence was questioned last. What is silent from then on for a whole timeout has missed a heartbeat (R4).
 */
export function silentFrom(connection: Connection): AwakeTime {
  const { lastActivityAt, question, server } = connection;
  const intervalMs = beatIntervalOf(server.settings)!;
  return Math.max(lastActivityAt, question?.askedAt ?? NEVER) + intervalMs;
}

/** Whether a client was heard of within its interval. */
export function wasHeardLately({ lastActivityAt, server }: Connection, now: AwakeTime): boolean {
  return now - lastActivityAt < beatIntervalOf(server.settings)!;
}

/**
 * Notes, at a beat, how far the peer has read: whoever has spoken since the last beat has had what was written before
 * it. Without a question, nothing else confirms that where there are no protocol pings.
 */
export function noteReading(connection: Connection): void {
  const { messages, messagesAtBeat, lonePingEnd, confirmedBytes } = connection;
  if (messages !== messagesAtBeat) connection.confirmedBytes = Math.max(confirmedBytes, lonePingEnd);
  connection.messagesAtBeat = messages;
}

/** Notes a protocol ping that went out without a question; where none did, one that has no answer yet still counts. */
export function noteLonePing(connection: Connection, payload: Uint8Array | undefined): void {
  if (payload === undefined && connection.lonePing !== undefined) return;
  connection.lonePing = payload;
  connection.lonePingEnd = connection.writtenBytes;
}
