import type { ReconnectAdvice } from '../protocol/close-reasons.js';
import { Absence } from './absence.js';
import { backoffMs } from './backoff.js';
import {
  DropEvent,
  EndEvent,
  HealthyCloseEvent,
  HealthyErrorEvent,
  type EndReason,
  type Ending,
  type LossReason,
} from './client.events.js';
import type { UrlSource } from './client.options.js';
import type { ResolvedClientOptions } from './client.options.resolver.js';
import { ABNORMAL, assertSendable, GIVEN_UP, NO_STATUS, UNAUTHORIZED } from './close.frame.js';
import { Deliveries } from './deliveries.js';
import { fenced } from './fenced.js';
import { Outbox } from './outbox.js';
import { decideReturn } from './reconnect.policy.js';
import { ServerDialogue } from './server.dialogue.js';
import { LATE_MS } from './server.pulse.js';
import { SingleTimer } from './single.timer.js';
import { isOffline, onWake, pageState } from './surroundings.js';
import { CLOSED, CLOSING, CONNECTING, OPEN, type WebSocketLike } from './websocket.like.js';

/** How long a socket has to end once `close()` was called. */
const CLOSE_TIMEOUT_MS = 5_000;

interface KeeperParts {
  readonly url: UrlSource;
  readonly protocols: string | string[] | undefined;
  readonly options: ResolvedClientOptions;
  /** Tells the app. */
  readonly emit: (event: Event) => void;
}

/** Keeps one connection: opens it, lets go of it when it is dead, and opens the next one. */
export class ConnectionKeeper {
  readonly dialogue: ServerDialogue;
  readonly outbox: Outbox;
  readonly deliveries: Deliveries;
  url = '';
  /** What the app has set. */
  binaryType: string | undefined;
  socket: WebSocketLike | undefined;
  state: 0 | 1 | 2 | 3 = CONNECTING;

  readonly #parts: KeeperParts;
  readonly #timer = new SingleTimer();
  readonly #absence = new Absence();
  readonly #forgetWakes: () => void;
  #endReason: EndReason = 'closed';
  /** Attempts that have failed, or ended too soon, in a row. */
  #failures = 0;
  #openedAt: number | undefined;
  #isWaitingForNetwork = false;
  /** Set while the app is asked for a url: an answer that comes too late must not open a second socket. */
  #search: object | undefined;

  constructor(parts: KeeperParts) {
    const { options, emit } = parts;
    this.#parts = parts;
    this.outbox = new Outbox(options.queue, (data) => emit(new DropEvent(data, 'queue_full')));
    this.deliveries = new Deliveries(this.outbox, this.#failed);
    this.dialogue = new ServerDialogue({
      options,
      dead: () => this.#abandon('dead_server'),
      failed: this.#failed,
    });
    this.#connect();
    this.#forgetWakes = onWake(() => this.#woke());
  }

  close(code?: number, reason = ''): void {
    assertSendable(code, reason);
    if (this.state >= CLOSING) return;
    this.state = CLOSING;
    this.#search = undefined;
    this.dialogue.stop();
    if (this.socket) {
      this.#timer.start(CLOSE_TIMEOUT_MS, () => this.#abandon('closed'));
      // A code that is given as `undefined` is 0 for Chromium, which throws.
      if (code === undefined) this.socket.close();
      else this.socket.close(code, reason);
    } else {
      this.#timer.stop();
      queueMicrotask(() => this.#end({ code: code ?? NO_STATUS, reason, wasClean: true }));
    }
  }

  #connect(): void {
    const { url } = this.#parts;
    this.#absence.attempts++;
    if (typeof url !== 'function') return void this.#open(url);
    const search = (this.#search = {});
    const isCurrent = (): boolean => search === this.#search;
    this.#timer.start(this.#parts.options.connectTimeoutMs, () => this.#abandon('connect_timeout'), true);
    new Promise<string | URL>((resolve) => resolve(url()))
      .then((found) => isCurrent() && this.#open(found))
      .catch((error: unknown) => isCurrent() && this.#notOpened(error));
  }

  #open(url: string | URL): void {
    const { options, protocols } = this.#parts;
    const socket = new options.WebSocket(url, protocols);
    this.#search = undefined;
    this.socket = socket;
    this.url = socket.url;
    if (this.binaryType) socket.binaryType = this.binaryType;
    const giveUp = (): void => this.#abandon('connect_timeout');
    // When we did not run, the handshake may be done and only wait to be read.
    this.#timer.start(options.connectTimeoutMs, (lateMs) =>
      lateMs > LATE_MS ? this.#timer.start(LATE_MS, giveUp) : giveUp(),
    );
    // A socket that was given up may still have something to say.
    const on = <Told>(type: string, run: (event: Told) => void): void =>
      socket.addEventListener(type, (event: Told) => socket === this.socket && run(event));
    on('open', () => this.#opened(socket));
    on('message', (event: MessageEventInit) => this.#received(event));
    on('error', ({ error }: { error?: unknown }) => this.#failed(error));
    on('close', ({ code, reason, wasClean }: Ending) =>
      this.#lost(wasClean ? 'closed' : 'error', { code, reason, wasClean }),
    );
  }

  #opened(socket: WebSocketLike): void {
    if (this.state !== CONNECTING) return;
    const { authenticate } = this.#parts.options;
    this.#timer.stop();
    this.state = OPEN;
    this.#openedAt = performance.now();
    this.dialogue.start(socket, this.#absence.end());
    const isOpen = (): boolean => socket === this.socket && this.state === OPEN;
    if (!authenticate) this.deliveries.begin(socket);
    // A subscription may have ended the client.
    if (isOpen()) this.#parts.emit(new Event('open'));
    // A login that fails because its connection does has not failed.
    const isCurrent = (): boolean => isOpen() && socket.readyState === OPEN;
    if (!authenticate || !isCurrent()) return;
    new Promise<void>((resolve) => resolve(authenticate(socket))).then(
      () => isCurrent() && this.deliveries.begin(socket),
      (error: unknown) => isCurrent() && this.#refused(error),
    );
  }

  /** @param event of the socket: a standard event has the fields that make another one */
  #received(event: MessageEventInit): void {
    if (this.state === OPEN && !this.dialogue.hears(event.data))
      this.#parts.emit(new MessageEvent('message', event));
  }

  /** Lets go of a socket without waiting for its end: on a dead network a browser may take minutes for that. */
  #abandon(reason: LossReason): void {
    const { socket } = this;
    this.socket = undefined;
    if (socket?.terminate) socket.terminate();
    else socket?.close(GIVEN_UP, reason);
    this.#lost(reason, { code: ABNORMAL, reason, wasClean: false });
  }

  readonly #failed = (error: unknown): void => {
    if (this.state < CLOSED) this.#parts.emit(new HealthyErrorEvent(error));
  };

  #notOpened(error: unknown): void {
    this.#failed(error);
    this.#lost('error', { code: ABNORMAL, reason: '', wasClean: false });
  }

  #refused(error: unknown): void {
    this.#endReason = 'authentication_failed';
    this.#failed(error);
    this.close(UNAUTHORIZED, this.#endReason);
  }

  #lost(reason: LossReason, ending: Ending): void {
    const { options, emit } = this.#parts;
    const now = performance.now();
    const { returnAt } = this.dialogue;
    const returnInMs = returnAt && returnAt - now;
    this.dialogue.returnAt = this.#search = this.socket = undefined;
    this.dialogue.stop();
    this.#timer.stop();
    if (this.#openedAt !== undefined) {
      if (now - this.#openedAt >= options.minUptimeMs) this.#failures = 0;
      this.#absence.begin(returnInMs !== undefined ? 'drain' : isOffline() ? 'offline' : reason);
      this.#openedAt = undefined;
    }
    if (this.state === OPEN) this.state = CONNECTING;
    const facts = { code: ending.code, said: this.#said(ending), returnInMs, failures: this.#failures };
    const pauseMs = decideReturn(facts, options, Math.random());
    if (this.state !== CONNECTING) this.#end(ending);
    else if (typeof pauseMs === 'string') {
      this.#endReason = pauseMs;
      this.#end(ending);
    } else {
      this.#failures++;
      this.#retryIn(pauseMs);
      emit(new HealthyCloseEvent({ ...ending, retryInMs: pauseMs }));
    }
  }

  /** What the app says, which may have ended by its own word already, or end now. */
  #said(ending: Ending): ReconnectAdvice | undefined {
    const { reconnect } = this.#parts.options;
    if (typeof reconnect !== 'function' || this.state !== CONNECTING) return undefined;
    return fenced(() => reconnect(ending), this.#failed);
  }

  #retryIn(ms: number): void {
    // A client that is to come back is something to live on for.
    this.#timer.start(ms, () => this.#retry(), true);
  }

  #retry(): void {
    this.#isWaitingForNetwork = isOffline();
    if (this.#isWaitingForNetwork) return;
    try {
      this.#connect();
    } catch (error) {
      this.#notOpened(error);
    }
  }

  #woke(): void {
    if (this.#isWaitingForNetwork && !isOffline()) {
      this.#isWaitingForNetwork = false;
      this.#retryIn(backoffMs(0, this.#parts.options.backoff, Math.random()));
    }
    if (pageState() !== 'hidden') this.dialogue.check();
  }

  #end(ending: Ending): void {
    const { emit } = this.#parts;
    const { outbox } = this;
    if (this.state === CLOSED) return;
    this.state = CLOSED;
    this.#forgetWakes();
    emit(new HealthyCloseEvent(ending));
    for (let data = outbox.take(); data !== undefined; data = outbox.take())
      emit(new DropEvent(data, 'ended'));
    emit(new EndEvent(this.#endReason));
  }
}
