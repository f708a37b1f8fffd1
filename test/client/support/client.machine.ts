import { HealthyWebSocket } from 'nestjs-connection-health/client';

import { DeliveryLedger } from './delivery.ledger.js';
import type { FakePage } from './fake.page.js';
import { fakeSockets, type FakeSocket } from './fake.socket.js';
import type { FakeTime } from './fake.time.js';
import type { Setup, Step } from './machine.steps.js';

interface Deferred {
  readonly resolve: (value: string) => void;
  readonly reject: (error: Error) => void;
}

/** A client on fake sockets, and everything that it may never do. */
export class ClientMachine {
  readonly client: HealthyWebSocket;
  readonly sockets: FakeSocket[];
  readonly story: string[] = [];
  private readonly faults: string[] = [];
  private readonly ledger = new DeliveryLedger((what) => this.fault(what));
  private readonly urls: Deferred[] = [];
  private readonly logins: (Deferred & { readonly socket: FakeSocket })[] = [];
  private readonly forget: (() => void)[] = [];
  private isClosed = false;
  private hasAttempted = false;
  private sent = 0;
  private subscribed = 0;
  private reactions = 0;

  constructor(
    private readonly setup: Setup,
    private readonly time: FakeTime,
    private readonly page: FakePage,
  ) {
    const { WebSocket, sockets } = fakeSockets((socket) => this.watch(socket, setup));
    this.sockets = sockets;
    this.client = new HealthyWebSocket(setup.asksForUrl ? () => this.askForUrl() : 'ws://server', undefined, {
      WebSocket,
      authenticate: setup.logsIn
        ? (socket) =>
            new Promise((resolve, reject) => {
              const login = { resolve: () => resolve(), reject };
              this.logins.push({ ...login, socket: socket as unknown as FakeSocket });
            })
        : undefined,
      ...setup.options,
    });
    for (const type of ['open', 'message', 'error', 'close', 'end', 'drop'] as const)
      this.client.addEventListener(type, (event) => this.note(event));
  }

  get hasEnded(): boolean {
    return this.story.includes('end');
  }

  /** Sockets that a network could still use. */
  get live(): FakeSocket[] {
    return this.sockets.filter(({ readyState }) => readyState <= 1);
  }

  async run(step: Step): Promise<void> {
    this.perform(step);
    // Promises of the client resolve one after the other.
    for (let turn = 0; turn < 6; turn++) await Promise.resolve();
    this.examine(step);
  }

  /** Everything works again for long enough: a client that has not ended must be open, and able to send. */
  async recover(): Promise<void> {
    this.page.goOnline();
    for (let round = 0; round < 200 && !this.hasEnded && this.client.readyState < 2; round++) {
      for (const { resolve } of this.urls) resolve('ws://server');
      await this.run({ do: 'advance', ms: 0 });
      // A close that has begun comes to its end.
      for (const socket of this.sockets) if (socket.readyState === 2) socket.end();
      for (const socket of this.live) socket.open();
      await this.run({ do: 'advance', ms: 0 });
      for (const { resolve, socket } of this.logins) {
        if (socket.readyState === 1) this.ledger.loggedIn(socket);
        resolve('');
      }
      await this.run({ do: 'advance', ms: 0 });
      if (this.client.readyState === 1 && this.live.length === 1) {
        await this.run({ do: 'send' });
        if (this.ledger.lastDelivered === this.sent) return;
      }
      await this.run({ do: 'advance', ms: 1_000 });
    }
    if (this.client.readyState < 2) this.fault('it never came back');
  }

  /** The end, and the last account. */
  async finish(): Promise<void> {
    await this.run({ do: 'close' });
    for (const socket of this.sockets) socket.end();
    await this.run({ do: 'advance', ms: 100_000 });
    if (!this.hasEnded) this.fault('it has not ended');
    this.ledger.settle(this.sent);
    if (this.page.listeners.size > 0) this.fault('it still listens to the page');
    this.throwFaults('the end');
  }

  private perform(step: Step): void {
    switch (step.do) {
      case 'advance':
        return this.time.advance(step.ms);
      case 'stall':
        this.time.stall(step.ms);
        return this.time.advance(0);
      case 'open':
        return pick(this.sockets, step.at)?.open();
      case 'closing':
        return pick(this.sockets, step.at)?.begunToClose();
      case 'lose':
        return pick(this.sockets, step.at)?.end(step.code);
      case 'receive':
        return this.receive(pick(this.sockets, step.at), step.message);
      case 'resolveUrl':
        return pick(this.urls, step.at)?.resolve('ws://server');
      case 'rejectUrl':
        return pick(this.urls, step.at)?.reject(new Error('no url'));
      case 'logIn':
        return this.logIn(step.at);
      case 'refuse':
        return pick(this.logins, step.at)?.reject(new Error('wrong password'));
      case 'offline':
        return this.page.goOffline();
      case 'online':
        return this.page.goOnline();
      case 'wake':
        return this.page.tell('visibilitychange');
      case 'check':
        return this.client.check();
      case 'send':
        return this.client.send(`message ${++this.sent}`);
      case 'subscribe':
        return this.subscribe(step.key, step.throws);
      case 'unsubscribe':
        return this.forget.shift()?.();
      case 'close':
        this.isClosed = true;
        return this.client.close();
    }
  }

  private receive(socket: FakeSocket | undefined, message: object): void {
    if (socket?.readyState === 1) socket.receive(message);
  }

  private logIn(at: number): void {
    const login = pick(this.logins, at);
    if (login === undefined) return;
    this.ledger.loggedIn(login.socket);
    login.resolve('');
  }

  private subscribe(key: number, throws: boolean): void {
    const text = `subscription ${++this.subscribed}`;
    const forgetEntry = this.ledger.subscribe(key, throws ? undefined : text);
    const forget = this.client.subscribe(key, () => {
      this.react('subscription');
      if (throws) throw new Error('no message');
      return text;
    });
    this.forget.push(() => {
      forget();
      forgetEntry();
    });
  }

  private askForUrl(): Promise<string> {
    if (this.urls.length > 0) this.attempting();
    if (this.hasEnded) this.fault('it asks for a url after its end');
    return new Promise((resolve, reject) => this.urls.push({ resolve, reject }));
  }

  private attempting(): void {
    if (!this.page.navigator.onLine) this.fault('it connects while there is no network');
  }

  private watch(socket: FakeSocket, { logsIn, asksForUrl, isEager }: Setup): void {
    socket.isEager = isEager;
    if (!asksForUrl && this.hasAttempted) this.attempting();
    this.hasAttempted = true;
    if (this.hasEnded) this.fault('it connects after its end');
    this.ledger.open(socket, !logsIn);
    const send = socket.send.bind(socket);
    socket.send = (data: unknown) => {
      const frame = String(data);
      // A subscription that ends the client still returns its message: no socket takes it any more.
      if (socket.readyState !== 1 && this.isClosed) return;
      if (socket.readyState !== 1) this.fault(`it sends ${frame} on a socket that is not open`);
      if (!frame.startsWith('{"type":"client_')) this.ledger.deliver(socket, frame);
      send(data);
    };
  }

  private note(event: Event): void {
    const { type } = event;
    if (this.hasEnded && type !== 'drop') this.fault(`it tells ${type} after its end`);
    if (this.isClosed && (type === 'open' || type === 'message'))
      this.fault(`it tells ${type} after close()`);
    if (type === 'drop') this.ledger.drop(String((event as MessageEvent).data));
    this.story.push(type);
    const last = this.story.filter((other) => /^(open|close|end)$/.test(other));
    if (type === 'open' && last.at(-2) === 'open') this.fault('it opens twice without a close between');
    if (type === 'end' && last.at(-2) !== 'close') this.fault('its end comes before its close');
    this.react(type);
  }

  /** The app does something within what it is told. Not endlessly: what it does may be told, too. */
  private react(on: string): void {
    const { reaction } = this.setup;
    if (reaction.on === on && this.reactions++ < 3) this.perform(reaction.step);
  }

  private examine(step: Step): void {
    const { client, time, page } = this;
    const closes = this.story.filter((type) => type === 'close').length;
    const opens = this.story.filter((type) => type === 'open').length;
    if (this.isClosed && client.readyState < 2) this.fault('it is not closed any more');
    if (this.live.length > 1) this.fault(`it has ${this.live.length} live sockets`);
    if (closes > this.sockets.length + this.urls.length + 1)
      this.fault('it closes more often than it connects');
    if (opens > closes + 1) this.fault('it opens more often than it closes');
    const isAway = client.readyState === 0 && this.live.length === 0;
    const isWaiting = time.pending > 0 || !page.navigator.onLine;
    if (isAway && !isWaiting && this.sockets.every(({ readyState }) => readyState === 3))
      this.fault('it waits for nothing');
    if (client.readyState === 0 && time.pending > 1)
      this.fault(`it waits for ${time.pending} things at once`);
    if (this.hasEnded && (client.readyState !== 3 || time.pending > 0 || this.live.length > 0))
      this.fault(`it goes on after its end (${time.pending} timers)`);
    this.throwFaults(JSON.stringify(step));
  }

  private throwFaults(after: string): void {
    if (this.faults.length > 0) throw new Error(`${this.faults.join('; ')}, after ${after}`);
  }

  private fault(what: string): void {
    this.faults.push(what);
  }
}

/** One of several, the newest for 0. */
function pick<Item>(items: readonly Item[], at: number): Item | undefined {
  return items.length === 0 ? undefined : items.at(-1 - (at % items.length));
}
