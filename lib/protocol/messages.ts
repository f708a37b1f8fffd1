/** The server asks: answer me, and expect to hear from me at least every `interval` milliseconds. */
export interface ServerPing {
  readonly type: 'server_ping';
  /** When it was sent, milliseconds since the Unix epoch; the answer repeats it. */
  readonly ts: number;
  /** Milliseconds between two pings of this server. */
  readonly interval: number;
}

/** The server answers a {@link ClientPing}. */
export interface ServerPong {
  readonly type: 'server_pong';
  /** The `ts` of the `client_ping`; where the client named none, our own time. */
  readonly ts: number;
  /** What else the client wants to hear again, on wires that have something of the kind. */
  readonly echo?: string;
}

/** The server is about to close this connection on purpose. */
export interface ServerDrain {
  readonly type: 'server_drain';
  /** Come back after so many milliseconds. */
  readonly reconnectInMs: number;
}

/** The client answers a {@link ServerPing}. */
export interface ClientPong {
  readonly type: 'client_pong';
  /** The `ts` of the `server_ping`. */
  readonly ts: number;
  /** What the page is doing: `visible`, `hidden`, or the app's own word; 32 characters are kept. */
  readonly state?: string;
}

/** The client asks. */
export interface ClientPing {
  readonly type: 'client_ping';
  /** Any finite number; the answer repeats it. */
  readonly ts: number;
}

/** A client that has come back says why it was away. */
export interface ClientResume {
  readonly type: 'client_resume';
  /** Why the last connection was given up, for example `dead_server`. */
  readonly reason?: string;
  /** Milliseconds without a connection. */
  readonly offlineMs?: number;
  /** Attempts until this one succeeded. */
  readonly attempts?: number;
}

/** What the server sends. */
export type ServerMessage = ServerPing | ServerPong | ServerDrain;

/** What a client sends to us and not to the app. */
export type ClientMessage = ClientPong | ClientPing | ClientResume;

/** The longest frame, in bytes, that can be a heartbeat: whatever is larger belongs to the app. */
export const MAX_HEARTBEAT_BYTES = 1024;
