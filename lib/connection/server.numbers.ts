import type { WatchedServer } from './watched.server.js';

interface NumberedServer {
  readonly number: number;
  connections: number;
}

/** Small numbers for the servers that have connections, so that a column can name them. */
export class ServerNumbers {
  private readonly numbered = new Map<WatchedServer, NumberedServer>();
  /** By number; `undefined` where a number is free. */
  private readonly servers: (WatchedServer | undefined)[] = [];

  /** The number of a server that gets one more connection. */
  numberFor(server: WatchedServer): number {
    const known = this.numbered.get(server) ?? this.enter(server);
    known.connections++;
    return known.number;
  }

  /** One of its connections has gone. */
  release(server: WatchedServer): void {
    const known = this.numbered.get(server);
    if (known === undefined || --known.connections > 0) return;
    this.numbered.delete(server);
    this.servers[known.number] = undefined;
  }

  /** By number; what is said of nobody stands where a number is free. */
  map<Value>(say: (server: WatchedServer) => Value): Value[] {
    return Array.from(this.servers, (server) => (server === undefined ? undefined : say(server)) as Value);
  }

  private enter(server: WatchedServer): NumberedServer {
    const free = this.servers.indexOf(undefined);
    const known = { number: free === -1 ? this.servers.length : free, connections: 0 };
    this.servers[known.number] = server;
    this.numbered.set(server, known);
    return known;
  }
}
