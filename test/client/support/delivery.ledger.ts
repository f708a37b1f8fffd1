import type { FakeSocket } from './fake.socket.js';

/** What one connection got, and what it should have got first. */
interface Line {
  isLoggedIn: boolean;
  readonly got: string[];
  /** The subscriptions in the moment of the first message of the app. */
  first: readonly string[] | undefined;
}

/** An account of every message and every subscription: what went where, in which order, and what was told to be lost. */
export class DeliveryLedger {
  private readonly lines = new Map<FakeSocket, Line>();
  private readonly subscriptions = new Map<number, string | undefined>();
  private readonly delivered: number[] = [];
  private readonly dropped: number[] = [];

  constructor(private readonly fault: (what: string) => void) {}

  get lastDelivered(): number | undefined {
    return this.delivered.at(-1);
  }

  open(socket: FakeSocket, isLoggedIn: boolean): void {
    this.lines.set(socket, { isLoggedIn, got: [], first: undefined });
  }

  loggedIn(socket: FakeSocket): void {
    this.lines.get(socket)!.isLoggedIn = true;
  }

  /** @param text `undefined` for one that throws @returns forgets it */
  subscribe(key: number, text: string | undefined): () => void {
    this.subscriptions.delete(key);
    this.subscriptions.set(key, text);
    return () => {
      if (text !== undefined && this.subscriptions.get(key) === text) this.subscriptions.delete(key);
    };
  }

  /** A message `message <number>`, or a subscription, is handed to a socket. */
  deliver(socket: FakeSocket, frame: string): void {
    const line = this.lines.get(socket)!;
    if (!line.isLoggedIn) this.fault(`it sends ${frame} before it has logged in`);
    if (line.got.includes(frame)) this.fault(`it sends ${frame} twice on one connection`);
    line.first ??= [...this.subscriptions.values()].filter((text) => text !== undefined);
    const expected = line.first[line.got.length];
    if (expected !== undefined && frame !== expected) this.fault(`it sends ${frame} before ${expected}`);
    line.got.push(frame);
    if (frame.startsWith('message ')) this.account(numberOf(frame));
  }

  drop(message: string): void {
    this.dropped.push(numberOf(message));
  }

  /** All is over: each of so many messages was delivered once, or told to be lost. */
  settle(sent: number): void {
    const told = [...this.delivered, ...this.dropped].toSorted((one, other) => one - other);
    const given = Array.from({ length: sent }, (_, index) => index + 1);
    if (String(told) !== String(given)) this.fault(`of ${sent} messages it accounts for ${String(told)}`);
  }

  private account(number: number): void {
    if ((this.lastDelivered ?? 0) >= number) this.fault(`it sends message ${number} out of order, or again`);
    this.delivered.push(number);
  }
}

function numberOf(message: string): number {
  return Number(/\d+/.exec(message));
}
