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
  const unsent = connection.bufferedBytes;
  const unwritten = connection.raw?.writableLength ?? unsent;
  // What `ws` itself holds back (its compressor is busy) is not counted as written yet.
  connection.ownFrameEnd = unsent === 0 ? 0 : unsent > unwritten ? Infinity : connection.writtenBytes;
}

/** Whether the last frame of ours still waits in this process: behind it, another would only add to the pile. */
export function isOwnFrameWaiting(connection: Connection): boolean {
  if (connection.ownFrameEnd === 0) return false;
  if (connection.bufferedBytes === 0) {
    connection.ownFrameEnd = 0;
    return false;
  }
  return connection.writtenBytes - (connection.raw?.writableLength ?? 0) < connection.ownFrameEnd;
}

/** Bytes of ours that the peer may still have to read; 0 where nothing is ever asked, since nothing is ever confirmed. */
export function unconfirmedBytesOf(connection: Connection): number {
  const { writtenBytes, confirmedBytes, server } = connection;
  return beatIntervalOf(server.settings) === undefined ? 0 : writtenBytes - confirmedBytes;
}
