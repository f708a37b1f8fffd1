import type { AwakeTime } from '../clock/awake.clock.js';
import type { Connection } from '../connection/connection.js';

/**
 * Notes how far a message that has not ended yet has come (R3).
 *
 * The first growth counts whatever its speed: it may be an answer that is half here. From then on the message must keep
 * above the floor and end in time.
 *
 * @param bytesBefore data bytes at an earlier look, to find out whether anything has come at all
 * @returns whether the growth is evidence that the peer lives
 */
export function noteUpload(connection: Connection, bytesBefore: number, now: AwakeTime): boolean {
  const { minBytesPerSecond, maxMessageMs } = connection.server.settings.progress;
  const bytes = connection.dataBytes;
  const { messages } = connection;
  const known = connection.upload?.messagesBefore === messages ? connection.upload : undefined;
  if (known === undefined) {
    const hasGrown = bytes > bytesBefore;
    connection.upload = hasGrown ? { messagesBefore: messages, since: now, bytes, at: now } : undefined;
    return hasGrown;
  }
  const elapsedMs = now - known.at;
  const isFastEnough = (bytes - known.bytes) * 1000 >= minBytesPerSecond * elapsedMs;
  if (bytes <= known.bytes || !isFastEnough || now - known.since > maxMessageMs) return false;
  known.bytes = bytes;
  known.at = now;
  return true;
}

/** The same for a connection that is never asked, to be called at each of its beats and before it is swept. */
export function noteUnaskedUpload(connection: Connection, now: AwakeTime): void {
  const bytesBefore = connection.dataBytesAtBeat;
  connection.dataBytesAtBeat = connection.dataBytes;
  const hasSpoken = connection.messages !== connection.messagesAtBeat;
  connection.messagesAtBeat = connection.messages;
  if (!hasSpoken && noteUpload(connection, bytesBefore, now)) connection.lastPeerAt = now;
}
