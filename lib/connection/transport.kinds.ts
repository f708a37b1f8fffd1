import type { Connection } from './connection.js';

/** What can carry a connection, as counts and metrics tell it apart. */
export const TRANSPORT_KINDS = ['ws', 'websocket', 'polling', 'webtransport', 'other'] as const;

export type TransportKind = (typeof TRANSPORT_KINDS)[number];

const KNOWN: ReadonlySet<string> = new Set(TRANSPORT_KINDS);

/** What carries a connection at present, in its library's word. */
export function transportOf({ session, server }: Connection): string {
  return session?.transport ?? server.driver.name;
}

/** The same, as one of {@link TRANSPORT_KINDS}. */
export function transportKindOf(connection: Connection): TransportKind {
  const transport = transportOf(connection);
  return KNOWN.has(transport) ? (transport as TransportKind) : 'other';
}
