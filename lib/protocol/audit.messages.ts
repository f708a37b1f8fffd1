import { isSendableCode } from './close-reasons.js';
import { parseOurs } from './json.text.js';

/** What the gateway grants to an audit at most. */
export const AUDIT_LIMITS = {
  /** The longest text of a `client_audit`, in bytes, as for heartbeats (R9). */
  askBytes: 1024,
  quietMs: 600_000,
  pingWaitMs: 30_000,
  dripEveryMs: { least: 100, most: 60_000 },
  frameBytes: 16 * 1024 * 1024,
  nonceLength: 64,
} as const;

/** What the audit command asks. `id` comes back with the answer. */
export type AuditAsk =
  /** The first on each connection: proves the token. All connections of one audit name the same `run`. */
  | { readonly ask: 'begin'; readonly id: number; readonly token: string; readonly run: string }
  /** Answer at once. */
  | { readonly ask: 'echo'; readonly id: number }
  /** Send a protocol ping with this payload, and say whether its pong came within `waitMs`. */
  | { readonly ask: 'ping'; readonly id: number; readonly nonce: string; readonly waitMs: number }
  /** Has a protocol ping with this payload arrived on this connection? */
  | { readonly ask: 'saw'; readonly id: number; readonly nonce: string }
  /** Send nothing for so long, but, where asked for, a small message now and then. */
  | { readonly ask: 'quiet'; readonly id: number; readonly ms: number; readonly dripEveryMs?: number }
  /** Send one binary message of this size. */
  | { readonly ask: 'frame'; readonly id: number; readonly bytes: number }
  /** Begin the closing handshake. */
  | { readonly ask: 'close'; readonly id: number; readonly code: number; readonly reason: string }
  /** Destroy the socket without a word. */
  | { readonly ask: 'terminate'; readonly id: number }
  /** What has become of a connection of this process? */
  | { readonly ask: 'fate'; readonly id: number; readonly session: string }
  /** Close whatever is left of this run but this connection. */
  | { readonly ask: 'end'; readonly id: number };

/** Why an audit is refused. */
export type AuditRefusal =
  /** Missing or wrong. */
  | 'token'
  /** Too many wrong tokens, or too many sessions, within a minute. */
  | 'rate_limited'
  /** Too many sessions are open. */
  | 'too_many'
  /** Not understood. */
  | 'malformed';

/** The options that govern the connection, as far as a proxy matters to them; `null` for what has no value. */
export interface AuditedSettings {
  readonly heartbeat: {
    readonly intervalMs: number;
    readonly timeoutMs: number;
    readonly maxMissed: number;
    readonly enforce: 'always' | 'negotiated' | 'observe';
    readonly codec: string;
  } | null;
  /** `intervalMs` is `null` where protocol pings ride with the heartbeats. */
  readonly protocolPing: { readonly intervalMs: number | null } | null;
  readonly sweep: {
    readonly intervalMs: number;
    readonly staleAfterMs: number;
    readonly mode: 'enforce' | 'observe';
  } | null;
  readonly proxyIdleTimeoutMs: number | null;
}

/** Answers `begin`. */
export interface AuditBegun {
  readonly session: string;
  /** Tells the processes behind one address apart. */
  readonly node: string;
  /** Names of the headers that arrived with the upgrade, in small letters; `null` where they are not known any more. */
  readonly headers: readonly string[] | null;
  /** The `Sec-WebSocket-Key` that arrived: another than was sent means another handshake. */
  readonly key: string | null;
  /** Extensions agreed on between the gateway and whoever connected to it. */
  readonly extensions: string;
  /** The longest message that the gateway takes, in bytes; `null` where that is not known. */
  readonly maxPayload: number | null;
  readonly settings: AuditedSettings;
  /** The session that this very connection served before: somebody hands used connections to new clients. */
  readonly reusedFrom: string | null;
}

/** Answers `fate`. */
export type AuditFate =
  | { readonly state: 'unknown' | 'open' | 'closing' }
  /** The connection lives on, and another client has it. */
  | { readonly state: 'handed_on'; readonly to: string }
  | {
      readonly state: 'closed';
      readonly code: number;
      readonly reason: string;
      /** Who sent the first close frame; `nobody` where the connection ended without one. */
      readonly by: 'peer' | 'gateway' | 'nobody';
      readonly agoMs: number;
      /** The system's code of a connection that failed, for example `ECONNRESET`; `null` for an orderly end. */
      readonly errorCode: string | null;
    };

/** What the gateway says to an audit. Every message has `type: 'server_audit'`, and an answer the `id` of its question. */
export type AuditAnswer =
  | { readonly id: number; readonly begun: AuditBegun }
  | { readonly id: number; readonly echo: true }
  | { readonly id: number; readonly pong: boolean; readonly ms?: number }
  | { readonly id: number; readonly saw: boolean }
  | { readonly id: number; readonly quietMs: number }
  | { readonly id: number; readonly fate: AuditFate }
  | { readonly id: number; readonly ended: number }
  | { readonly id?: number; readonly refused: AuditRefusal }
  /** A message of so many bytes has arrived that was no question. */
  | { readonly got: number }
  /** One of the small messages that `quiet` asked for. */
  | { readonly drip: number };

/**
 * Whether a frame is a `client_audit`.
 *
 * @returns the question, `malformed` for one that cannot be understood, `undefined` for anything else
 */
export function recogniseAudit(data: Uint8Array, isBinary: boolean): AuditAsk | 'malformed' | undefined {
  if (isBinary || data.byteLength > AUDIT_LIMITS.askBytes) return undefined;
  const value = parseOurs(data);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const message = value as Fields;
  return message['type'] === 'client_audit' ? (askOf(message) ?? 'malformed') : undefined;
}

/** The text of an answer. */
export function encodeAudit(answer: AuditAnswer): string {
  return JSON.stringify({ type: 'server_audit', ...answer });
}

type Fields = Readonly<Record<string, unknown>>;

function askOf({ ask, id, token, run, nonce, ms, ...rest }: Fields): AuditAsk | undefined {
  if (!isWhole(id, 0, Number.MAX_SAFE_INTEGER)) return undefined;
  const { waitMs, dripEveryMs, bytes, code, reason, session } = rest;
  switch (ask) {
    case 'begin':
      return isText(token, 256) && isText(run, 64) ? { ask, id, token, run } : undefined;
    case 'echo':
    case 'terminate':
    case 'end':
      return { ask, id };
    case 'ping':
      if (!isNonce(nonce) || !isWhole(waitMs, 1, AUDIT_LIMITS.pingWaitMs)) return undefined;
      return { ask, id, nonce, waitMs };
    case 'saw':
      return isNonce(nonce) ? { ask, id, nonce } : undefined;
    case 'quiet':
      return quietOf(id, ms, dripEveryMs);
    case 'frame':
      return isWhole(bytes, 1, AUDIT_LIMITS.frameBytes) ? { ask, id, bytes } : undefined;
    case 'close':
      return isSendableCode(code) && isText(reason, 100) ? { ask, id, code, reason } : undefined;
    case 'fate':
      return isText(session, 64) ? { ask, id, session } : undefined;
    default:
      return undefined;
  }
}

function quietOf(id: number, ms: unknown, dripEveryMs: unknown): AuditAsk | undefined {
  if (!isWhole(ms, 1, AUDIT_LIMITS.quietMs)) return undefined;
  if (dripEveryMs === undefined) return { ask: 'quiet', id, ms };
  const { least, most } = AUDIT_LIMITS.dripEveryMs;
  return isWhole(dripEveryMs, least, most) ? { ask: 'quiet', id, ms, dripEveryMs } : undefined;
}

function isWhole(value: unknown, least: number, most: number): value is number {
  return Number.isInteger(value) && (value as number) >= least && (value as number) <= most;
}

/** Plain ASCII, so that a character is a byte. */
function isText(value: unknown, maxLength: number): value is string {
  return typeof value === 'string' && value.length <= maxLength && /^[\x20-\x7e]*$/.test(value);
}

/** Fits into a control frame. */
function isNonce(value: unknown): value is string {
  return isText(value, AUDIT_LIMITS.nonceLength) && value !== '';
}
