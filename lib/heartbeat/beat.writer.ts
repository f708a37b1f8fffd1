import type { Clock } from '../clock/clock.js';
import type { Connection } from '../connection/connection.js';
import type { HeartbeatSettings } from '../connection/connection.settings.js';
import { isOwnFrameWaiting, noteOwnFrame } from '../connection/outflow.js';
import type { ServerMessage } from '../protocol/messages.js';

/** The frame of one tick for all connections that share their settings. */
interface BeatFrame {
  readonly ts: number;
  readonly data: string | Uint8Array;
}

/** Writes our frames: one heartbeat frame and one ping payload per tick, shared by all connections that get them. */
export class BeatWriter {
  private pingNumber = 0;
  private payload: Uint8Array | undefined;
  private lastTs = 0;
  private ts: number | undefined;
  private readonly frames = new Map<HeartbeatSettings, BeatFrame>();

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

  /** The `ts` of this tick's heartbeats. */
  tsFor(heartbeat: HeartbeatSettings): number {
    return this.frameFor(heartbeat).ts;
  }

  /** Sends a heartbeat, and the protocol ping that rides with it, in one write. */
  beat(connection: Connection, heartbeat: HeartbeatSettings): void {
    const { socket, server, raw } = connection;
    const { data } = this.frameFor(heartbeat);
    raw?.cork?.();
    try {
      server.driver.send(socket!, data);
      if (ridesWithHeartbeat(connection)) this.writePing(connection);
    } finally {
      // A frame that `ws` refuses must not hold the app's own ones back.
      raw?.uncork?.();
    }
    noteOwnFrame(connection);
    connection.owedAnswers++;
    server.tally.heartbeatsSent++;
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
    const { socket, server, midMessage } = connection;
    const { heartbeat } = server.settings;
    if (socket === undefined || midMessage || !server.driver.isOpen(socket)) return;
    try {
      if (server.driver.tell !== undefined) {
        const { type, ...content } = message;
        server.driver.tell(socket, type, content);
        return;
      }
      if (heartbeat === false) return;
      server.driver.send(socket, heartbeat.codec.encode(message));
      noteOwnFrame(connection);
    } catch (error) {
      this.failed(error);
    }
  }

  private frameFor(heartbeat: HeartbeatSettings): BeatFrame {
    const known = this.frames.get(heartbeat);
    if (known !== undefined) return known;
    const ts = this.tickTs();
    const data = heartbeat.codec.encode({ type: 'server_ping', ts, interval: heartbeat.intervalMs });
    const frame = { ts, data };
    this.frames.set(heartbeat, frame);
    return frame;
  }

  /** Never the same in two ticks, and never going back, even where the system's date does: answers are matched by it. */
  private tickTs(): number {
    this.ts ??= this.lastTs = Math.max(this.lastTs + 1, this.clock.epoch());
    return this.ts;
  }

  private writePing(connection: Connection): Uint8Array | undefined {
    const { socket, server } = connection;
    if (!connection.isPinged || socket === undefined || !server.driver.isOpen(socket)) return undefined;
    if (this.payload === undefined) {
      this.payload = new Uint8Array(8);
      new DataView(this.payload.buffer).setFloat64(0, ++this.pingNumber);
    }
    server.driver.ping(socket, this.payload);
    return this.payload;
  }
}

function ridesWithHeartbeat({ server }: Connection): boolean {
  const { protocolPing } = server.settings;
  return protocolPing !== false && protocolPing.intervalMs === undefined;
}
