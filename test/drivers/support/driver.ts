import type { INestApplication, Type } from '@nestjs/common';
import type { ConnectionHealthModuleOptions, GhostKind } from 'nestjs-connection-health';

import type { ConformingGateway } from './conforming.gateway.js';
import type { PeerKind } from './peer.process.js';

/** How often the clients are asked, and how long they may take, whoever it is that asks. */
export interface Tempo {
  readonly intervalMs: number;
  readonly timeoutMs: number;
  /** A library that judges by itself is to close nobody, however slow the machine is at the moment. */
  readonly isPatient?: true;
}

/** Who connects. */
export interface Visitor {
  readonly userAgent?: string;
  /** What `identify` is told by the query string. */
  readonly user?: string;
}

/** A real client of a driver's library, which answers its heartbeats, and exchanges events with the gateway. */
export interface DriverClient {
  /** The data of every `echo` that it got, in the order of arrival. */
  readonly echoes: unknown[];
  readonly isOpen: boolean;
  /** How it was told of its end, in the words of its library. */
  readonly farewell: string | undefined;
  emit(event: string, data: unknown): void;
  /** Says goodbye as its library does. */
  leave(): void;
  /** Ends without a goodbye, for the cleaning up. */
  end(): void;
}

/** A server that Nest did not make, which echoes. */
export interface ForeignServer {
  readonly server: object;
  readonly url: string;
  close(): Promise<void>;
}

/** What the conformance suite needs to know of one driver, in one of its modes. */
export interface DriverUnderTest {
  readonly name: string;
  /** `transport` of the snapshots of its connections. */
  readonly transport: string;
  /** Where its clients connect, as snapshots have it. */
  readonly path: string;
  /** Whether our liveness policy decides who is dead; else its library does, and we find out. */
  readonly governs: boolean;
  /** What a ghost is called whose process stands still. */
  readonly ghost: GhostKind;
  /** The code that such an end is told with. */
  readonly timeoutCode: number;
  /** What its socket reports that was destroyed because nobody answered its goodbye. */
  readonly destroyedCode: number;
  /** How a client of its kind is started in a process of its own. */
  readonly peer: PeerKind;
  /** Data that only its wire can carry. */
  readonly ownData: readonly unknown[];
  gateway(tempo: Tempo): Type<ConformingGateway>;
  options(tempo: Tempo): ConnectionHealthModuleOptions;
  /** Gives the app the adapter of the library. */
  adapt(app: INestApplication): void;
  connect(url: string, visitor?: Visitor): Promise<DriverClient>;
  listen(tempo: Tempo): Promise<ForeignServer>;
  /** How a newcomer is refused. */
  refusal(url: string): Promise<{ status: number; retryAfter: string | undefined }>;
  /** What a client is told that was closed by us. */
  farewellOf(code: number, text: string): unknown;
}
