import type { ConnectionSnapshot } from '../../../connection/connection.snapshot.js';
import { byId, write } from './dom.js';
import { Poller, readJson, RefusedError } from './poller.js';
import { Table } from './table.js';
import { count, duration, latency } from './words.js';

/** Seldom: each row is somebody to read about, and the server makes each anew. */
const EVERY_MS = 5_000;
const PATH = 'connections?limit=20&order=oldest';

/** The oldest connections, one by one, where the options let them be seen. */
export class ConnectionsView {
  private readonly table = new Table<ConnectionSnapshot>(
    'The oldest connections',
    [
      { title: 'Connection', text: ({ id }) => id, kind: 'short' },
      { title: 'Gateway', text: ({ gateway }) => gateway },
      { title: 'Identity', text: ({ identity }) => identity ?? '–' },
      { title: 'Address', text: ({ address }) => address ?? '–' },
      { title: 'User agent', text: ({ userAgent }) => userAgent ?? '–', kind: 'long' },
      { title: 'State', text: stateOf, kind: 'short' },
      { title: 'Age', text: ({ ageMs }) => duration(ageMs), kind: 'number' },
      { title: 'Silent for', text: ({ idleMs }) => duration(idleMs), kind: 'number' },
      {
        title: 'Latency',
        text: ({ latencyMs: ms }) => (ms === undefined ? '–' : latency(ms)),
        kind: 'number',
      },
      { title: 'Missed', text: ({ missed }) => count(missed), kind: 'number' },
    ],
    'cards people',
  );
  private readonly poller: Poller<{ readonly connections: readonly ConnectionSnapshot[] }>;
  private isOffered = false;

  /** @param isWanted whether anybody is looking */
  constructor(isWanted: () => boolean) {
    byId('connections').append(this.table.element);
    this.poller = new Poller({
      everyMs: EVERY_MS,
      ask: () => readJson(PATH),
      isWanted: () => this.isOffered && isWanted(),
      answered: ({ connections }) => {
        this.table.show(connections);
        this.note(connections.length === 0 ? 'Nobody is connected.' : '');
      },
      failed: (error) => this.note(`They could not be read: ${reasonOf(error)}.`),
    });
  }

  /** @param isOffered whether the server says that it serves them */
  offer(isOffered: boolean): void {
    if (isOffered === this.isOffered) return;
    this.isOffered = isOffered;
    byId('connections-section').hidden = !isOffered;
    this.poller.wake();
  }

  wake(): void {
    this.poller.wake();
  }

  private note(text: string): void {
    byId('connections-note').hidden = text === '';
    write(byId('connections-note'), text);
  }
}

function stateOf({ state, clientState, transport }: ConnectionSnapshot): string {
  // Of gateways on `ws` there is nothing to tell.
  return [state, clientState, transport === 'ws' ? undefined : transport]
    .filter((word) => word !== undefined)
    .join(', ');
}

function reasonOf(error: unknown): string {
  return error instanceof RefusedError ? error.message : 'the server did not answer';
}
