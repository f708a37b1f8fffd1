/** What a WebSocket can send. */
export type Sendable = string | ArrayBufferLike | ArrayBufferView | Blob;

/** Resolved queue options. */
export interface QueueSettings {
  readonly maxMessages: number;
  readonly maxBytes: number;
  readonly drop: 'oldest' | 'newest';
}

interface Waiting {
  readonly data: Sendable;
  readonly bytes: number;
}

/** Messages sent while away, in order, bounded in number and bytes. */
export class Outbox {
  bytes = 0;
  #waiting: Waiting[] = [];
  readonly #settings: QueueSettings;
  readonly #dropped: (data: Sendable) => void;

  /**
   * @param dropped told of each message that finds no room, or has to make room
   */
  constructor(settings: QueueSettings, dropped: (data: Sendable) => void) {
    this.#settings = settings;
    this.#dropped = dropped;
  }

  add(data: Sendable): void {
    const bytes = new Blob([data as string]).size;
    const { maxMessages, maxBytes, drop } = this.#settings;
    const isOver = (): boolean => this.#waiting.length >= maxMessages || this.bytes + bytes > maxBytes;
    const gone: Sendable[] = [];
    // What can never fit must not push the others out.
    if (drop === 'oldest' && bytes <= maxBytes)
      while (isOver() && this.#waiting.length > 0) gone.push(this.take()!);
    if (isOver()) gone.push(data);
    else {
      this.#waiting.push({ data: copyOf(data), bytes });
      this.bytes += bytes;
    }
    // Not before: what is sent by one who is told comes after this message.
    for (const each of gone) this.#dropped(each);
  }

  /** The oldest message, which waits no longer. */
  take(): Sendable | undefined {
    const first = this.#waiting.shift();
    this.bytes -= first?.bytes ?? 0;
    return first?.data;
  }
}

/** What the standard `send()` makes of a value: buffers and blobs stay what they are, anything else becomes text. */
export function sendable(value: unknown): Sendable {
  // By shape: there is more than one `ArrayBuffer` where there are frames.
  const sized = value as { readonly byteLength?: number; readonly size?: number } | undefined;
  return (sized?.byteLength ?? sized?.size) === undefined ? String(value) : (value as Sendable);
}

/** `send()` takes what is there at the call: a buffer that the app uses again must not change what waits. */
function copyOf(data: Sendable): Sendable {
  const { buffer = data as ArrayBuffer, byteOffset, byteLength } = data as ArrayBufferView;
  return byteLength === undefined ? data : new Uint8Array(buffer, byteOffset, byteLength).slice();
}
