import type { ConnectionHealthModuleOptions } from '../../lib/connection-health.options.js';
import { AwakeClock } from '../../lib/clock/awake.clock.js';
import { Connection, type Peer } from '../../lib/connection/connection.js';
import { ConnectionPhotographer } from '../../lib/connection/connection.snapshot.js';
import { Crowd } from '../../lib/connection/crowd.js';
import { ServerTally } from '../../lib/connection/server.tally.js';
import type { WatchedServer } from '../../lib/connection/watched.server.js';
import { resolveOptions } from '../../lib/options/options.resolver.js';
import type { RawSocket, TransportDriver } from '../../lib/transport/transport.driver.js';
import { FakeClock } from './fake.clock.js';

/** A transport without sockets that remembers what it was asked to do. */
export class FakeDriver implements TransportDriver {
  readonly name = 'fake';
  readonly sent: (string | Uint8Array)[] = [];
  readonly pings: Uint8Array[] = [];
  readonly closes: { readonly code: number; readonly text: string }[] = [];
  terminated = 0;
  buffered = 0;
  open = true;

  recognises(): boolean {
    return false;
  }

  attach(): () => void {
    return () => undefined;
  }

  adopt(): () => void {
    return () => undefined;
  }

  socketsOf(): undefined {
    return undefined;
  }

  refuseUpgrades(): () => void {
    return () => undefined;
  }

  raw(): undefined {
    return undefined;
  }

  isDigesting(): boolean {
    return false;
  }

  agreedWith(): { extensions: string; maxPayload: undefined } {
    return { extensions: '', maxPayload: undefined };
  }

  wasToldToClose(): boolean {
    return false;
  }

  mute(): () => void {
    return () => undefined;
  }

  isOpen(): boolean {
    return this.open;
  }

  bufferedBytes(): number {
    return this.buffered;
  }

  send(_socket: object, frame: string | Uint8Array): void {
    this.sent.push(frame);
  }

  ping(_socket: object, payload: Uint8Array): void {
    this.pings.push(payload);
  }

  close(_socket: object, code: number, text: string): void {
    this.closes.push({ code, text });
  }

  terminate(): void {
    this.terminated++;
  }

  release(): void {}
}

/** The counters of a TCP connection, for tests to move. */
export type FakeRaw = { -readonly [Key in keyof RawSocket]: RawSocket[Key] };

/** Everything a pure part asks of a server, for connections without sockets. */
export class Records {
  readonly clock = new FakeClock();
  readonly awake = new AwakeClock(this.clock, 1e12);
  readonly driver = new FakeDriver();
  readonly photographer = new ConnectionPhotographer(this.awake, 'test');
  /** Never mute. */
  readonly crowd = new Crowd(Infinity);
  private lastSequence = 0;

  /** A connection opened now, of a server with these options. */
  make(
    options: ConnectionHealthModuleOptions = {},
    more: { name?: string; raw?: FakeRaw; peer?: Partial<Peer> } = {},
  ): Connection {
    const server: WatchedServer = {
      name: more.name ?? 'TestGateway',
      driver: this.driver,
      settings: resolveOptions(options).defaults,
      photographer: this.photographer,
      observer: undefined as never,
      crowd: this.crowd,
      tally: new ServerTally(),
    };
    const peer = { address: undefined, userAgent: undefined, path: undefined, ...more.peer };
    return new Connection(++this.lastSequence, server, {}, more.raw, peer, this.awake.now());
  }
}
