import type { AwakeTime } from '../clock/awake.clock.js';
import type { Connection } from '../connection/connection.js';

/** Notes, at a connection's turn, whether bytes have come in and gone out since its last one. */
export function observeBytes(connection: Connection, now: AwakeTime): void {
  connection.unsentBytes = connection.bufferedBytes;
  const bytesIn = connection.raw?.bytesRead ?? 0;
  const bytesOut = connection.writtenBytes - (connection.raw?.writableLength ?? 0);
  if (bytesIn !== connection.bytesIn) {
    connection.bytesIn = bytesIn;
    connection.bytesInAt = now;
  }
  if (bytesOut !== connection.bytesOut) {
    connection.bytesOut = bytesOut;
    connection.bytesOutAt = now;
  }
}
