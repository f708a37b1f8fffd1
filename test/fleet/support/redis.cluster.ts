import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import { sleep, until } from '../../support/wait.js';
import { RedisServer } from './redis.server.js';

const run = promisify(execFile);
const TIMEOUT_MS = 2_000;

/** A real cluster: three masters, and a replica of each where asked for. */
export class RedisCluster {
  private constructor(readonly servers: readonly RedisServer[]) {}

  static async start(replicas: 0 | 1 = 0): Promise<RedisCluster> {
    const options = ['--cluster-enabled', 'yes', '--cluster-node-timeout', String(TIMEOUT_MS)];
    const servers: RedisServer[] = [];
    const cluster = new RedisCluster(servers);
    try {
      // The bus of each is 10,000 ports above it, which must be a port.
      while (servers.length < 3 * (1 + replicas)) {
        const server = await RedisServer.start(...options);
        if (server.port > 55_000) await server.end();
        else servers.push(server);
      }
      await cluster.join(replicas);
      return cluster;
    } catch (error) {
      await cluster.end();
      throw error;
    }
  }

  get ports(): number[] {
    return this.servers.map(({ port }) => port);
  }

  async end(): Promise<void> {
    await Promise.all(this.servers.map((server) => server.end()));
  }

  /** Asks one of the servers. */
  async ask(port: number, ...command: string[]): Promise<string> {
    const { stdout } = await run('redis-cli', ['-h', '127.0.0.1', '-p', String(port), ...command]);
    return stdout;
  }

  private async join(replicas: number): Promise<void> {
    const addresses = this.ports.map((port) => `127.0.0.1:${port}`);
    const more = ['--cluster-replicas', String(replicas), '--cluster-yes'];
    await run('redis-cli', ['--cluster', 'create', ...addresses, ...more]);
    for (const port of this.ports) await until('the cluster is whole', () => this.isWhole(port), 20_000);
  }

  /** A replica takes over only where it has had what its master has. */
  private async isWhole(port: number): Promise<boolean> {
    await sleep(100);
    const info = await this.ask(port, 'cluster', 'info');
    const replication = await this.ask(port, 'info', 'replication');
    return (
      info.includes('cluster_state:ok') &&
      info.includes(`cluster_known_nodes:${this.ports.length}`) &&
      !replication.includes('master_link_status:down')
    );
  }
}
