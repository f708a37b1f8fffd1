import type { AwakeTime } from '../clock/awake.clock.js';
import type { Connection } from './connection.js';
import { beatIntervalOf } from './connection.settings.js';

/** How our unsent bytes move. Exists only while there are any. */
export interface Outflow {
  /** Bytes of whole writes that have left the process. */
  gone: number;
  /** Bytes of the write in progress that have not. */
  queued: number;
  /** When any of the two was last seen to move. */
  movedAt: AwakeTime;
  /** A byte that still waits, counted from the first one ever written, and when it was there already. */
  oldest: number;
  oldestAt: AwakeTime;
}

/**
 * Looks at what was sent to a connection and has not left this process.
 *
 * @returns how it moves, or `undefined` when nothing waits
 */
export function observeOutflow(connection: Connection, now: AwakeTime): Outflow | undefined {
  if (connection.bufferedBytes === 0) {
    connection.outflow = undefined;
    return undefined;
  }
  const { raw, outflow } = connection;
  const gone = connection.writtenBytes - (raw?.writableLength ?? 0);
  // One large write may take minutes; only the handle tells how far it has come (net.Socket uses it for its own timeout).
  const queued = raw?._handle?.writeQueueSize ?? 0;
  if (outflow === undefined) {
    connection.outflow = { gone, queued, movedAt: now, oldest: connection.writtenBytes, oldestAt: now };
    return connection.outflow;
  }
  if (gone > outflow.gone || (gone === outflow.gone && queued < outflow.queued)) outflow.movedAt = now;
  outflow.gone = gone;
  outflow.queued = queued;
  if (gone >= outflow.oldest) {
    outflow.oldest = connection.writtenBytes;
    outflow.oldestAt = now;
  }
  return outflow;
}

/** Notes that a frame of ours was just written, to know later whether it has left. */
export function noteOwnFrame(connection: Connection): void {
  const isGone = connection.bufferedBytes === 0;
  // What is held back is not counted as written yet.
  connection.ownFrameEnd = isGone ? 0 : isHeldBack(connection) ? Infinity : connection.writtenBytes;
  if (isGone) connection.pongEnd = 0;
}

/** Whether the last frame of ours has not even been written: `ws` holds it back (its compressor is busy), or Engine.IO. */
export function isHeldBack(connection: Connection): boolean {
  const { socket, server, raw } = connection;
  const held = socket === undefined ? undefined : server.driver.holdsOwnFrame?.(socket);
  if (held !== undefined) return held;
  const unsent = connection.bufferedBytes;
  return unsent > (raw?.writableLength ?? unsent);
}

/** Whether the last frame of ours still waits in this process: behind it, another would only add to the pile. */
export function isOwnFrameWaiting(connection: Connection): boolean {
  if (connection.ownFrameEnd === 0) return false;
  if (connection.bufferedBytes === 0) {
    connection.ownFrameEnd = 0;
    connection.pongEnd = 0;
    return false;
  }
  // It was written since: at the latest here.
  if (connection.ownFrameEnd === Infinity && !isHeldBack(connection))
    connection.ownFrameEnd = connection.writtenBytes;
  return isWaiting(connection, connection.ownFrameEnd);
}

/** Whether a frame that ends after so many written bytes has not left this process. */
export function isWaiting(connection: Connection, frameEnd: number): boolean {
  return connection.writtenBytes - (connection.raw?.writableLength ?? 0) < frameEnd;
}

/** Bytes of ours that the peer may still have to read; 0 where nothing is ever asked, since nothing is ever confirmed. */
export function unconfirmedBytesOf(connection: Connection): number {
  const { writtenBytes, confirmedBytes, server } = connection;
  return beatIntervalOf(server.settings) === undefined ? 0 : writtenBytes - confirmedBytes;
}

/** Whether the app is in the middle of a message: a frame of ours would end up inside it (R9). */
export function isMidMessage({ midMessage, server, socket }: Connection): boolean {
  return midMessage || (socket !== undefined && server.driver.isMidMessage?.(socket) === true);
}
