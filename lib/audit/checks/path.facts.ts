import type { AuditedSettings } from '../../protocol/audit.messages.js';

/** What was found out about one way to a gateway. Plain data: `--json` prints it. Times are milliseconds. */
export interface PathFacts {
  readonly url: string;
  /** The options that govern the connections that came this way. */
  readonly settings: AuditedSettings;
  readonly handshake: HandshakeFacts;
  readonly compression: CompressionFacts;
  readonly controlFrames: ControlFrameFacts;
  readonly roundTrip: RoundTripFacts;
  readonly closing: ClosingFacts;
  readonly death: DeathFacts;
  readonly frames: FrameFacts;
  readonly idle: IdleFacts;
  /** How many processes answered. */
  readonly nodes: number;
  /** How often a new client was given the gateway's connection of one that had left. */
  readonly handedOn: number;
}

export interface HandshakeFacts {
  /** Whether the client's own handshake arrived; `null` where the gateway does not know. */
  readonly isSame: boolean | null;
  /** Names of the headers that arrived, in small letters; `null` where the gateway does not know. */
  readonly headers: readonly string[] | null;
  /** Of those, the ones that were not sent, and the ones that were sent and did not arrive. */
  readonly added: readonly string[];
  readonly dropped: readonly string[];
  /** What the answer says of who gave it, for example `nginx/1.22.1`. */
  readonly server: string | null;
}

export interface CompressionFacts {
  readonly kind: 'end_to_end' | 'hop_by_hop' | 'none';
  /** What was agreed on, as in `Sec-WebSocket-Extensions`; empty for nothing. */
  readonly client: string;
  readonly gateway: string;
  /** Whether the client's offer arrived; `null` where the gateway does not know. */
  readonly offerArrives: boolean | null;
}

export interface ControlFrameFacts {
  /** A protocol ping of the client. */
  readonly clientPing: { readonly arrives: boolean; readonly answeredBy: 'gateway' | 'proxy' | 'nobody' };
  /** A protocol ping of the gateway. */
  readonly gatewayPing: { readonly arrives: boolean; readonly answeredBy: 'client' | 'proxy' | 'nobody' };
}

/** Medians; `null` where nothing came back. */
export interface RoundTripFacts {
  /** A message and its answer. */
  readonly application: number | null;
  /** A protocol ping of the client, and one of the gateway, to whoever answers. */
  readonly clientPing: number | null;
  readonly gatewayPing: number | null;
}

/** What the other end saw of a close; `code` is `null` where it saw nothing. */
export interface CloseFacts {
  readonly code: number | null;
  readonly reason: string;
  readonly passes: boolean;
}

export interface ClosingFacts {
  /** The client closes with a code and a reason: what the gateway sees. */
  readonly client: CloseFacts;
  /** …without a code: 1005. */
  readonly clientBare: CloseFacts;
  /** The gateway closes with a code and a reason: what the client sees. */
  readonly gateway: CloseFacts;
  /** …without a close frame: 1006, or what somebody in between made of it. */
  readonly gatewayTerminate: CloseFacts;
}

/** What the gateway sees when a client dies. */
export interface DeathFact {
  readonly reaches: boolean;
  /** From the death to the end of the connection at the gateway. */
  readonly afterMs: number | null;
  /** The code of its end there. */
  readonly code: number | null;
}

export interface DeathFacts {
  /** The process has ended. */
  readonly fin: DeathFact;
  /** The connection was reset; `null` where this could not be tried. */
  readonly rst: DeathFact | null;
}

export interface FrameFact {
  /** The largest message that passed, in bytes. */
  readonly passed: number;
  /** The smallest that did not. */
  readonly failed: number | null;
}

export interface FrameFacts {
  readonly toGateway: FrameFact;
  readonly toClient: FrameFact;
  /** The gateway's own limit for what it takes. */
  readonly gatewayMaxPayload: number | null;
}

/** How a connection ended on one side. */
export interface CutFact {
  readonly afterMs: number;
  readonly code: number;
}

export interface IdleFact {
  readonly client: CutFact | null;
  readonly gateway: CutFact | null;
  /** Who began it. */
  readonly by: 'gateway' | 'between' | null;
}

export interface IdleFacts {
  /** How long was watched. */
  readonly watchedMs: number;
  /** Nothing is sent. */
  readonly silent: IdleFact;
  /** The shortest time after which a silent connection was cut, on either side. */
  readonly limitMs: number | null;
  /** Between two of what is sent in the checks below. */
  readonly everyMs: number;
  /** Protocol pings of the client only, messages of the client only, messages of the gateway only, and messages both ways. */
  readonly clientPings: IdleFact;
  readonly clientMessages: IdleFact;
  readonly gatewayMessages: IdleFact;
  readonly bothWays: IdleFact;
  /** What arrived on the silent connection all the same: it was not silent. */
  readonly disturbances: number;
}
