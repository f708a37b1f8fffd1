import type { ClientMessage, ClientResume } from '../protocol/messages.js';
import type { ResolvedClientOptions } from './client.options.resolver.js';
import { fenced } from './fenced.js';
import { ServerPulse } from './server.pulse.js';
import { pageState } from './surroundings.js';
import { OPEN, type WebSocketLike } from './websocket.like.js';

/** What the server keeps of a state; a longer one could make the answer too long for a heartbeat. */
const MAX_STATE = 32;

interface DialogueParts {
  readonly options: ResolvedClientOptions;
  /** The server of the connection is gone. */
  readonly dead: () => void;
  /** Told of what the app's own code threw. */
  readonly failed: (error: unknown) => void;
}

/** Our half of the heartbeats: answers, asks, and tells a returning client's story, in the words of the codec. */
export class ServerDialogue {
  /** Milliseconds from the last question to its answer. */
  latencyMs: number | undefined;
  /** When the server asked to come back. */
  returnAt: number | undefined;

  readonly #parts: DialogueParts;
  readonly #pulse: ServerPulse;
  #socket: WebSocketLike | undefined;
  /** Whether the server has spoken our wire, ever and on this connection: only then is it told anything of ours. */
  #isUnderstood = false;
  #hasSpoken = false;
  #askedAt: number | undefined;
  #resume: ClientResume | undefined;

  constructor(parts: DialogueParts) {
    const { graceMs, intervalMs } = parts.options;
    this.#parts = parts;
    this.#pulse = new ServerPulse({
      graceMs,
      intervalMs,
      probe: () => this.#ask(),
      dead: () => this.#dead(),
    });
  }

  /** @param resume why the client was away, to be told as soon as the server is known to understand */
  start(socket: WebSocketLike, resume: ClientResume | undefined): void {
    this.#socket = socket;
    this.#resume = resume;
    this.#hasSpoken = false;
    this.#pulse.start();
    if (this.#isUnderstood) this.#tellOfLoss();
  }

  stop(): void {
    this.#socket = undefined;
    this.#pulse.stop();
  }

  check(): void {
    if (this.#isUnderstood && this.#socket) this.#pulse.check();
  }

  /** A message came. @returns whether it was meant for us and not for the app */
  hears(data: unknown): boolean {
    const { options, failed } = this.#parts;
    this.#pulse.heard();
    const message = fenced(() => options.codec && options.codec.read(data), failed);
    // Who was told of an error may have ended the client.
    if (!this.#socket) return true;
    if (!message) return false;
    this.#isUnderstood = this.#hasSpoken = true;
    this.#tellOfLoss();
    if (message.type === 'server_ping') {
      this.#pulse.learn(message.interval);
      // Last: it runs code of the app, which may end the client.
      this.#tell({ type: 'client_pong', ts: message.ts, state: this.#state() });
    } else if (message.type === 'server_drain') this.returnAt = performance.now() + message.reconnectInMs;
    else if (message.ts === this.#askedAt) this.latencyMs = performance.now() - message.ts;
    return true;
  }

  #state(): string | undefined {
    const { options, failed } = this.#parts;
    return fenced(() => options.state?.()?.slice(0, MAX_STATE), failed) ?? pageState();
  }

  #tellOfLoss(): void {
    if (this.#resume) this.#tell(this.#resume);
    this.#resume = undefined;
  }

  #ask(): void {
    if (!this.#isUnderstood) return;
    this.#askedAt = performance.now();
    this.#tell({ type: 'client_ping', ts: this.#askedAt });
  }

  #tell(message: ClientMessage): void {
    const { options, failed } = this.#parts;
    const { codec } = options;
    if (codec && this.#socket?.readyState === OPEN)
      fenced(() => this.#socket!.send(codec.write(message)), failed);
  }

  #dead(): void {
    // It may be another server than before, which knows nothing of heartbeats: it must not be left again and again.
    if (!this.#hasSpoken) {
      this.#isUnderstood = false;
      this.#pulse.forget();
    }
    this.#parts.dead();
  }
}
