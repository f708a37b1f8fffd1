import {
  carriedBy,
  type CarriedSocket,
  type EnginePacket,
  type EngineSocket,
} from './engine-io.internals.js';
import type { RawSocket } from './transport.driver.js';

/**
 * The TCP connection under an Engine.IO connection, as one: it changes when the transport is upgraded, and with polling
 * there is another for each request, or the same for many. Counts go on over all of them.
 */
export class EngineRaw implements RawSocket {
  private carrier: CarriedSocket | undefined;
  /** What the counters showed before the present carrier, less what it had counted before us. */
  private readOffset = 0;
  private writtenOffset = 0;
  /** Bytes of all packets made so far: what polling has instead of a TCP connection to count. */
  private created = 0;
  private readonly pending = new PendingBytes();
  /** The POST under way, and what its TCP connection had read when we first saw it. */
  private post: { readonly request: object; readonly bytesBefore: number; bytes: number } | undefined;
  private posted = 0;
  private keepAlive: [boolean, number] | undefined;

  constructor(private readonly socket: EngineSocket) {
    this.carrier = carriedBy(socket.transport);
  }

  /** The transport is another one from now on. */
  upgraded(): void {
    const { bytesRead, bytesWritten } = this;
    this.carrier = carriedBy(this.socket.transport);
    this.readOffset = bytesRead - (this.tcp?.bytesRead ?? 0);
    this.writtenOffset = bytesWritten - (this.tcp?.bytesWritten ?? 0);
    if (this.keepAlive !== undefined) this.tcp?.setKeepAlive?.(...this.keepAlive);
  }

  /** A packet was made, and will be put behind those that wait. */
  packetCreated(packet: EnginePacket): void {
    this.created += sizeOf(packet);
  }

  /** Bytes of packets that wait for the transport. */
  get waitingBytes(): number {
    return this.pending.of(this.socket.writeBuffer);
  }

  get bytesRead(): number {
    if (this.carrier !== undefined) return this.readOffset + (this.tcp?.bytesRead ?? 0);
    return this.readOffset + this.postedBytes();
  }

  /** As of a `net.Socket`, with what waits in this process. */
  get bytesWritten(): number {
    if (this.carrier !== undefined) return this.writtenOffset + (this.tcp?.bytesWritten ?? 0);
    return this.writtenOffset + this.created;
  }

  get writableLength(): number {
    return this.carrier === undefined ? this.waitingBytes : (this.tcp?.writableLength ?? 0);
  }

  get remoteAddress(): string | undefined {
    return this.socket.remoteAddress ?? undefined;
  }

  get errored(): Error | null {
    return this.tcp?.errored ?? null;
  }

  get readableEnded(): boolean {
    return this.tcp?.readableEnded ?? false;
  }

  get destroyed(): boolean {
    return this.tcp?.destroyed ?? this.socket.transport.readyState === 'closed';
  }

  get _handle(): RawSocket['_handle'] {
    return this.tcp?._handle;
  }

  isPaused(): boolean {
    return this.tcp?.isPaused?.() ?? false;
  }

  /** With polling, TCP connections are the HTTP server's; it closes the idle ones by itself. */
  setKeepAlive(isOn: boolean, initialDelayMs: number): void {
    this.keepAlive = [isOn, initialDelayMs];
    this.tcp?.setKeepAlive?.(isOn, initialDelayMs);
  }

  cork(): void {
    this.tcp?.cork?.();
  }

  uncork(): void {
    this.tcp?.uncork?.();
  }

  destroy(): void {
    this.tcp?.destroy?.();
  }

  private get tcp(): RawSocket | undefined {
    return this.carrier?._socket;
  }

  /** What was seen to arrive of POSTs (R3): a lower bound, since it is looked at now and then only. */
  private postedBytes(): number {
    const request = this.socket.transport.dataReq;
    if (this.post !== undefined && this.post.request !== request) {
      this.posted += this.post.bytes;
      this.post = undefined;
    }
    if (request === undefined || request === null) return this.posted;
    const { bytesRead } = request.socket;
    // A POST that has begun is at least one byte.
    this.post ??= { request, bytesBefore: bytesRead - 1, bytes: 1 };
    this.post.bytes = Math.max(this.post.bytes, bytesRead - this.post.bytesBefore);
    return this.posted + this.post.bytes;
  }
}

/** The bytes of packets in a list that only grows, and is another one after each flush: each packet is looked at once. */
class PendingBytes {
  private list: readonly EnginePacket[] | undefined;
  private counted = 0;
  private bytes = 0;

  of(list: readonly EnginePacket[]): number {
    if (list !== this.list || list.length < this.counted) {
      this.list = list;
      this.counted = 0;
      this.bytes = 0;
    }
    for (; this.counted < list.length; this.counted++) this.bytes += sizeOf(list[this.counted]!);
    return this.bytes;
  }
}

/** About the bytes of a packet: one for its type, and its text or its bytes. */
function sizeOf({ data }: EnginePacket): number {
  if (typeof data === 'string') return 1 + data.length;
  return 1 + ((data as { byteLength?: number } | undefined)?.byteLength ?? 0);
}
