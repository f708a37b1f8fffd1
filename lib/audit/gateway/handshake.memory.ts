import type { IncomingMessage } from 'node:http';

import type { Connection } from '../../connection/connection.js';
import { AUDIT_BOUNDS } from './audit.settings.js';

/** What arrived with an upgrade. */
export interface Handshake {
  /** Names, in small letters, each once. */
  readonly headers: readonly string[];
  readonly key: string | null;
  /** Monotonic. */
  readonly at: number;
}

/** Remembers the latest upgrades for a moment, since only the first message tells whose they were. */
export class HandshakeMemory {
  private readonly handshakes = new Map<Connection, Handshake>();

  /** @param now monotonic milliseconds */
  note(connection: Connection, { rawHeaders, headers }: IncomingMessage, now: number): void {
    this.forgetOld(now, AUDIT_BOUNDS.handshakes - 1);
    const names = rawHeaders.filter((_, index) => index % 2 === 0).slice(0, AUDIT_BOUNDS.headers);
    const short = names.map((name) => name.toLowerCase().slice(0, AUDIT_BOUNDS.headerLength));
    const key = headers['sec-websocket-key'] ?? null;
    this.handshakes.set(connection, { headers: [...new Set(short)].sort(), key, at: now });
  }

  /** Hands over what arrived with a connection's upgrade, once. */
  take(connection: Connection): Handshake | undefined {
    const handshake = this.handshakes.get(connection);
    this.handshakes.delete(connection);
    return handshake;
  }

  get size(): number {
    return this.handshakes.size;
  }

  /** Forgets what is too old, and the oldest above a number. */
  forgetOld(now: number, most: number = AUDIT_BOUNDS.handshakes): void {
    for (const [connection, { at }] of this.handshakes) {
      if (now - at <= AUDIT_BOUNDS.handshakeMs && this.handshakes.size <= most) return;
      this.handshakes.delete(connection);
    }
  }
}
