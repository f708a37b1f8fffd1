import type { Clock } from '../clock/clock.js';
import type { Connection } from '../connection/connection.js';
import type { HeartbeatSettings } from '../connection/connection.settings.js';
import { isMidMessage, isOwnFrameWaiting, noteOwnFrame } from '../connection/outflow.js';
import type { ServerMessage } from '../protocol/messages.js';
import { SharedFrame } from './shared.frame.js';
import { isWireOpen } from './wire.js';

/** The frames of one tick for all connections that share their settings, by dialect; `undefined`: no such message. */
type BeatFrames = Map<string | undefined, SharedFrame | undefined>;

/** Writes our frames: one heartbeat frame and one ping payload per tick, shared by all connections that get them. */
export class BeatWriter {
  private pingNumber = 0;
  private payload: Uint8Array | undefined;
  private lastTs = 0;
  private ts: number | undefined;
  private readonly frames = new Map<HeartbeatSettings, BeatFrames>();

  constructor(
    private readonly clock: Clock,
    /** Told of a codec that threw. */
    private readonly failed: (error: unknown) => void,
  ) {}

  /** From here on frames carry a new time and pings a new payload. */
  newTick(): void {
    this.frames.clear();
    this.ts = undefined;
    this.payload = undefined;
  }

  /** The `ts` of this tick's heartbeats: never the same in two ticks, and never going back, even where the date does. */
  get tickTs(): number {
    this.ts ??= this.lastTs = Math.max(this.lastTs + 1, this.clock.epoch());
    return this.ts;
  }

  /**
   * This tick's question to a connection.
   *
   * @throws Error where the codec has none
   */
  askingFrame(connection: Connection, heartbeat: HeartbeatSettings): SharedFrame {
    const frame = this.frameFor(connection, heartbeat);
    if (frame !== undefined) return frame;
    throw new Error(`the heartbeat codec "${heartbeat.codec.name}" encodes no server_ping`);
  }

  /** Asks with a heartbeat, and the protocol ping that rides with it, in one write. */
  beat(connection: Connection, frame: SharedFrame): void {
    this.write(connection, frame);
    connection.owedAnswers++;
  }

  /**
   * Says that we are here to a client that need not answer, where its wire has a message for that.
   *
   * @returns the payload of the protocol ping that went out beside it, or alone; `undefined` where none did
   */
  greet(connection: Connection, heartbeat: HeartbeatSettings): Uint8Array | undefined {
    if (isOwnFrameWaiting(connection)) return undefined;
    const { codec } = heartbeat;
    const isWanted = codec.asks !== 'client' && !isMidMessage(connection) && isWireOpen(connection, codec);
    const frame = isWanted ? this.frameFor(connection, heartbeat) : undefined;
    if (frame !== undefined) return this.write(connection, frame);
    return ridesWithHeartbeat(connection) ? this.ping(connection) : undefined;
  }

  /** Counts a question that the transport's library writes by itself, and sends the protocol ping that rides with it. */
  rideAlong(connection: Connection): void {
    connection.owedAnswers++;
    connection.server.tally.heartbeatsSent++;
    if (ridesWithHeartbeat(connection)) this.ping(connection);
  }

  /** Sends a protocol ping. @returns its payload, or `undefined` where none was sent */
  ping(connection: Connection): Uint8Array | undefined {
    if (isOwnFrameWaiting(connection)) return undefined;
    const payload = this.writePing(connection);
    noteOwnFrame(connection);
    return payload;
  }

  /** Sends a message of ours, unless it would end up inside one of the app. */
  tell(connection: Connection, message: ServerMessage): void {
    const { socket, server } = connection;
    const { heartbeat } = server.settings;
    if (socket === undefined || isMidMessage(connection) || !server.driver.isOpen(socket)) return;
    try {
      if (server.driver.tell !== undefined) {
        const { type, ...content } = message;
        server.driver.tell(socket, type, content);
        return;
      }
      if (heartbeat === false || !isWireOpen(connection, heartbeat.codec)) return;
      const data = heartbeat.codec.encode(message, connection.wire?.dialect);
      if (data === undefined) return;
      server.driver.send(socket, data);
      noteOwnFrame(connection);
    } catch (error) {
      this.failed(error);
    }
  }

  private write(connection: Connection, frame: SharedFrame): Uint8Array | undefined {
    const { socket, server } = connection;
    const ping = ridesWithHeartbeat(connection) && connection.isPinged ? this.tickPayload : undefined;
    if (server.driver.writeFrames?.(socket!, frame.bytes(ping)) !== true)
      this.send(connection, frame.data, ping);
    noteOwnFrame(connection);
    server.tally.heartbeatsSent++;
    return ping;
  }

  /** The long way, through the library of the transport. */
  private send(
    { socket, server, raw }: Connection,
    data: string | Uint8Array,
    ping: Uint8Array | undefined,
  ): void {
    raw?.cork?.();
    try {
      server.driver.send(socket!, data);
      if (ping !== undefined && server.driver.isOpen(socket!)) server.driver.ping(socket!, ping);
    } finally {
      // A frame that `ws` refuses must not hold the app's own ones back.
      raw?.uncork?.();
    }
  }

  private frameFor({ wire }: Connection, heartbeat: HeartbeatSettings): SharedFrame | undefined {
    let frames = this.frames.get(heartbeat);
    if (frames === undefined) this.frames.set(heartbeat, (frames = new Map()));
    const dialect = wire?.dialect;
    if (frames.has(dialect)) return frames.get(dialect);
    const ping = { type: 'server_ping', ts: this.tickTs, interval: heartbeat.intervalMs } as const;
    const data = heartbeat.codec.encode(ping, dialect);
    const frame = data === undefined ? undefined : new SharedFrame(data);
    frames.set(dialect, frame);
    return frame;
  }

  private writePing(connection: Connection): Uint8Array | undefined {
    const { socket, server } = connection;
    if (!connection.isPinged || socket === undefined || !server.driver.isOpen(socket)) return undefined;
    server.driver.ping(socket, this.tickPayload);
    return this.tickPayload;
  }

  /** What this tick's protocol pings carry: never the same in two ticks. */
  private get tickPayload(): Uint8Array {
    if (this.payload === undefined) {
      this.payload = new Uint8Array(8);
      new DataView(this.payload.buffer).setFloat64(0, ++this.pingNumber);
    }
    return this.payload;
  }
}

function ridesWithHeartbeat({ server }: Connection): boolean {
  const { protocolPing } = server.settings;
  return protocolPing !== false && protocolPing.intervalMs === undefined;
}
