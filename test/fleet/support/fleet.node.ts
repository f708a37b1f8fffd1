import type {
  ConnectionSnapshot,
  FleetConnections,
  FleetDisconnectReport,
  FleetPage,
  FleetSnapshot,
  LifecycleEvent,
  LifecycleEventOf,
  LifecycleEventType,
} from 'nestjs-connection-health';

import { TestClient } from '../../support/client.js';
import { TestProcess } from '../../support/process.js';
import { until } from '../../support/wait.js';
import type { Library } from './clients.js';

/** How a node finds its store. */
export interface NodeOrder {
  readonly ports: readonly number[];
  readonly isCluster?: boolean;
  readonly library: Library;
  readonly beatMs: number;
  readonly options?: object;
}

interface Answers {
  snapshot: FleetSnapshot;
  find: FleetConnections;
  connections: FleetPage;
  isOnline: boolean;
  disconnect: FleetDisconnectReport;
  close: boolean;
  local: unknown;
}

/** A process of its own that is one node of a fleet, and the clients that are connected to it. */
export class FleetNode {
  readonly events: LifecycleEvent[] = [];
  readonly lines: { readonly level: string; readonly message: unknown }[] = [];
  readonly clients: TestClient[] = [];
  private readonly waiting = new Map<number, (answer: unknown) => void>();
  private numbers = 0;

  private constructor(
    private readonly process: TestProcess,
    readonly port: number,
    readonly id: string,
  ) {
    process.child.on('message', (message) => this.heard(message as Record<string, unknown>));
  }

  static async start(order: NodeOrder): Promise<FleetNode> {
    const process = TestProcess.start('fleet/fleet.server.mjs', JSON.stringify(order));
    const early: object[] = [];
    const listener = (message: unknown): void => void early.push(message as object);
    process.child.on('message', listener);
    const hello = (): { port: number; node: string } | undefined =>
      early.find((each): each is { port: number; node: string } => 'port' in each);
    try {
      await until('a node listens', () => hello() !== undefined, 30_000);
    } catch (error) {
      await process.end();
      throw error;
    }
    process.child.off('message', listener);
    const { port, node } = hello()!;
    const started = new FleetNode(process, port, node);
    for (const message of early) started.heard(message as Record<string, unknown>);
    return started;
  }

  ask<Name extends keyof Answers>(ask: Name, ...args: unknown[]): Promise<Answers[Name]> {
    const number = ++this.numbers;
    return new Promise((resolve) => {
      this.waiting.set(number, resolve as (answer: unknown) => void);
      this.process.send({ ask, args, number });
    });
  }

  /** The connections of this node, as its own service sees them. */
  async own(): Promise<ConnectionSnapshot[]> {
    return (await this.ask('local', 'connections')) as ConnectionSnapshot[];
  }

  /** All connections of the fleet, as this node sees them. */
  async all(): Promise<FleetPage> {
    return this.ask('connections', { limit: 1_000 });
  }

  eventsOf<Kind extends LifecycleEventType>(type: Kind): LifecycleEventOf<Kind>[] {
    return this.events.filter((event): event is LifecycleEventOf<Kind> => event.type === type);
  }

  async connect(user?: string): Promise<TestClient> {
    const query = user === undefined ? '' : `?user=${user}`;
    const client = await TestClient.connect(`ws://127.0.0.1:${this.port}/${query}`);
    this.clients.push(client);
    return client;
  }

  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.process.child.kill(signal);
  }

  /** Ends it as a crash does. */
  async kill(): Promise<void> {
    for (const client of this.clients.splice(0)) client.socket.terminate();
    await this.process.end();
  }

  private heard(message: Record<string, unknown>): void {
    if ('event' in message) this.events.push(message['event'] as LifecycleEvent);
    if ('line' in message) this.lines.push(message['line'] as { level: string; message: unknown });
    if ('number' in message) {
      const number = message['number'] as number;
      this.waiting.get(number)?.(message['answer']);
      this.waiting.delete(number);
    }
  }
}

/** Each of these sees so many nodes, nothing missing, and exactly the connections that they have. */
export async function allSee(seers: readonly FleetNode[], count: number, withinMs: number): Promise<void> {
  for (const seer of seers)
    await until(
      `a node sees ${count} nodes and all of their connections`,
      async () => {
        const snapshot = await seer.ask('snapshot');
        const { connections, partial } = await seer.all();
        const expected = (await Promise.all(seers.map((node) => node.own()))).flat().map(({ id }) => id);
        const seen = connections.map(({ id }) => id);
        return (
          snapshot.nodes === count &&
          !snapshot.partial &&
          !partial &&
          expected.sort().join() === seen.sort().join()
        );
      },
      withinMs,
    );
}
