import { Cluster, Redis } from 'ioredis';
import { createClient, createCluster } from 'redis';

/** A client of a library, and how to end it. */
export interface OpenClient {
  readonly client: object;
  end(): Promise<void>;
}

/** Both libraries, each with one server and with a cluster. */
export const LIBRARIES = {
  ioredis: {
    async one(port: number): Promise<OpenClient> {
      const client = new Redis({ port, host: '127.0.0.1', retryStrategy: () => 100 });
      client.on('error', () => undefined);
      return { client, end: async () => client.disconnect() };
    },
    async cluster(ports: readonly number[]): Promise<OpenClient> {
      const client = new Cluster(
        ports.map((port) => ({ port, host: '127.0.0.1' })),
        { clusterRetryStrategy: () => 100 },
      );
      client.on('error', () => undefined);
      return { client, end: async () => client.disconnect() };
    },
  },
  'node-redis': {
    async one(port: number): Promise<OpenClient> {
      const client = createClient({
        socket: { port, host: '127.0.0.1', reconnectStrategy: () => 100 },
      });
      client.on('error', () => undefined);
      await client.connect();
      return { client, end: async () => client.destroy() };
    },
    async cluster(ports: readonly number[]): Promise<OpenClient> {
      const client = createCluster({
        rootNodes: ports.map((port) => ({ socket: { port, host: '127.0.0.1' } })),
        defaults: { socket: { reconnectStrategy: () => 100 } },
      });
      client.on('error', () => undefined);
      await client.connect();
      return { client, end: async () => client.destroy() };
    },
  },
} as const;

/** The name of a client library. */
export type Library = keyof typeof LIBRARIES;
