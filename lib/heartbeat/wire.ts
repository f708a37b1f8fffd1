import type { AwakeTime } from '../clock/awake.clock.js';
import type { Connection } from '../connection/connection.js';
import type { HeartbeatCodec, PassingMessage } from '../protocol/heartbeat.codec.js';
import { isForgotten, noteHold, releaseHold } from './message.hold.js';

/** Whether data frames of ours may go out: not before the handshake of the wire itself is over. */
export function isWireOpen({ wire }: Connection, { opening }: HeartbeatCodec): boolean {
  return opening === undefined || wire?.isOpen === true;
}

/** Whether the library of its transport asks and judges a connection, and we only look on. */
export function isLeftToTransport({ server, session }: Connection): boolean {
  const { heartbeat } = server.settings;
  return heartbeat !== false && (heartbeat.isTransports === true || session?.clientAsks === true);
}

/**
 * Whether a connection is judged by how long nothing was heard of it and not by answers: its clients ask by themselves,
 * or it cannot be asked yet (R4).
 */
export function isJudgedBySilence(connection: Connection): boolean {
  const { heartbeat } = connection.server.settings;
  if (heartbeat === false || isLeftToTransport(connection)) return false;
  return asksByItself(heartbeat.codec) || !isWireOpen(connection, heartbeat.codec);
}

/** Whether the clients of a codec send heartbeats without being asked. */
export function asksByItself({ asks = 'server' }: HeartbeatCodec): boolean {
  return asks !== 'server';
}

/** A message has passed, in either direction: it may be the one that opens the wire. */
export function notePassing(connection: Connection, codec: HeartbeatCodec, passing: PassingMessage): void {
  if (isWireOpen(connection, codec)) return;
  connection.wire = codec.opening!(passing, connection.wire) ?? connection.wire;
  if (connection.wire?.isOpen === true) releaseHold(connection);
}

/** Notes, at a beat, that a client waits for the app's half of the handshake: its silence says nothing (R4). */
export function noteAwaitedApp(connection: Connection, now: AwakeTime): void {
  if (connection.wire?.turn !== 'app' || connection.wire.isOpen) return;
  noteHold(connection, now);
  connection.isHeldUp = !isForgotten(connection, now);
}

/** What was sent, as a codec reads it; `undefined` for what `ws` takes besides (a `Blob`, a list of fragments). */
export function bytesOrText(data: unknown): string | Uint8Array | undefined {
  if (typeof data === 'string' || data instanceof Uint8Array) return data;
  if (data instanceof ArrayBuffer) return new Uint8Array(data);
  return ArrayBuffer.isView(data) ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength) : undefined;
}
