import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';

import { type Layer, SourceError } from './source.js';

/** Which sockets of a table are which side of the proxy. */
export interface TablePorts {
  /** Where clients connect to. */
  readonly listenPort: number;
  /** Where the proxy connects to. */
  readonly upstreamPort: number;
}

/** One TCP socket. */
interface TableRow {
  readonly state: 'established' | 'close-wait' | 'other';
  readonly localPort: number;
  readonly peerPort: number;
}

/** The tables of the network namespace in which this process runs. */
const LOCAL = ['/proc/net/tcp', '/proc/net/tcp6'];

/** Lines: a table of some hundred megabytes, far beyond what one host holds. */
const MAX_LINES = 5_000_000;

/** The socket table of this host, as Linux shows it. @throws SourceError */
export async function readLocalSockets(ports: TablePorts): Promise<Layer> {
  const tally = new Tally(ports);
  const [first, ...more] = LOCAL;
  await readLines(first!, (line) => tally.add(kernelRow(line)));
  // A kernel without IPv6 has no table for it.
  for (const path of more) await readLines(path, (line) => tally.add(kernelRow(line))).catch(() => undefined);
  return tally.layer('the socket table of this host');
}

/** What `ss -tn` printed on the proxy's host, from a file or, with `-`, from the standard input. @throws SourceError */
export async function readSocketsFrom(path: string, ports: TablePorts): Promise<Layer> {
  const tally = new Tally(ports);
  let strangers = 0;
  await readLines(path, (line) => {
    const row = ssRow(line);
    if (row !== undefined) tally.add(row);
    else if (!/^(State|Netid)\b/.test(line) && line.trim() !== '') strangers++;
  });
  const source = path === '-' ? 'the standard input' : path;
  if (tally.rows === 0 && strangers > 0) {
    throw new SourceError(
      `${source}: expected the output of ss -tn, got ${strangers} lines that are none of it`,
    );
  }
  return tally.layer(source);
}

/** Counts the two sides. */
class Tally {
  rows = 0;
  private clients = 0;
  private clientsGone = 0;
  private backend = 0;
  private backendGone = 0;

  constructor(private readonly ports: TablePorts) {}

  add(row: TableRow | undefined): void {
    if (row === undefined) return;
    this.rows++;
    const { listenPort, upstreamPort } = this.ports;
    // The client's own end is in the table too where it runs on this host, and so is the backend's: neither is meant.
    const isClients = row.localPort === listenPort;
    const isBackend = !isClients && row.peerPort === upstreamPort;
    if (row.state === 'established') {
      if (isClients) this.clients++;
      if (isBackend) this.backend++;
    } else if (row.state === 'close-wait') {
      if (isClients) this.clientsGone++;
      if (isBackend) this.backendGone++;
    }
  }

  layer(source: string): Layer {
    const { clients, clientsGone, backend, backendGone } = this;
    const notes = [
      `counted: established connections to port ${this.ports.listenPort} and from here to port ${this.ports.upstreamPort}`,
    ];
    if (clientsGone > 0) {
      notes.push(
        `${clientsGone} in CLOSE-WAIT: those clients have left, and the proxy has not closed its end`,
      );
    }
    if (backendGone > 0) {
      notes.push(`${backendGone} in CLOSE-WAIT: there the backend has closed, and the proxy has not`);
    }
    return { name: 'the proxy', source, clients, backend, clientsGone, notes };
  }
}

/** `ESTAB 0 0 127.0.0.1:8080 127.0.0.1:50912` */
function ssRow(line: string): TableRow | undefined {
  const match = /^(?:tcp\s+)?([A-Z][A-Z0-9-]+)\s+\d+\s+\d+\s+\S*:(\d+)\s+\S*:(\d+)(?:\s|$)/.exec(line);
  if (match === null) return undefined;
  const [, state, localPort, peerPort] = match;
  return {
    state: state === 'ESTAB' ? 'established' : state === 'CLOSE-WAIT' ? 'close-wait' : 'other',
    localPort: Number(localPort),
    peerPort: Number(peerPort),
  };
}

/** `0: 0100007F:1F90 0100007F:C6E0 01 …`; the states are those of `include/net/tcp_states.h`. */
function kernelRow(line: string): TableRow | undefined {
  const match = /^\s*\d+: [0-9A-F]+:([0-9A-F]{4}) [0-9A-F]+:([0-9A-F]{4}) ([0-9A-F]{2}) /.exec(line);
  if (match === null) return undefined;
  const [, localPort, peerPort, state] = match;
  return {
    state: state === '01' ? 'established' : state === '08' ? 'close-wait' : 'other',
    localPort: parseInt(localPort!, 16),
    peerPort: parseInt(peerPort!, 16),
  };
}

async function readLines(path: string, take: (line: string) => void): Promise<void> {
  const input = path === '-' ? process.stdin : createReadStream(path);
  // `readline` does not hand the errors of its input on.
  const failed = new Promise<never>((_resolve, reject) => {
    input.once('error', (error: Error) => reject(new SourceError(`${path}: ${error.message}`)));
  });
  const read = (async (): Promise<void> => {
    let lines = 0;
    for await (const line of createInterface({ input, crlfDelay: Infinity })) {
      if (++lines > MAX_LINES) throw new SourceError(`${path}: more than ${MAX_LINES} lines`);
      take(line);
    }
  })();
  await Promise.race([read, failed]);
}
