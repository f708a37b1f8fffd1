import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { freePort } from '../support/apps.js';
import { ask } from '../support/http.client.js';
import { sleep } from '../support/wait.js';

/** An alert that is pending or firing. */
export interface ActiveAlert {
  readonly state: 'pending' | 'firing';
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

/** One series of an instant query. */
export interface Sample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [number, string];
}

/** A real Prometheus on loopback, with its data in a folder of its own. */
export class PrometheusServer {
  private constructor(
    private readonly child: ChildProcess,
    private readonly url: string,
    private readonly folder: string,
  ) {}

  /**
   * @param jobs where the one app of each job listens, with or without `ws://`; it serves metrics below `connection-health`
   * @throws Error with Prometheus' own words where it does not start
   */
  static async start(rules: string, jobs: Readonly<Record<string, string>>): Promise<PrometheusServer> {
    const folder = mkdtempSync(join(tmpdir(), 'prometheus-'));
    writeFileSync(join(folder, 'alerts.yml'), rules);
    writeFileSync(join(folder, 'prometheus.yml'), configOf(jobs));
    const address = `127.0.0.1:${await freePort()}`;
    const child = spawn(
      'prometheus',
      [
        `--config.file=${folder}/prometheus.yml`,
        `--storage.tsdb.path=${folder}/data`,
        `--web.listen-address=${address}`,
        '--log.level=warn',
      ],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    );
    const server = new PrometheusServer(child, `http://${address}`, folder);
    try {
      await server.ready();
      return server;
    } catch (error) {
      await server.stop();
      throw error;
    }
  }

  /** Alerts that are pending or firing. */
  async alerts(): Promise<readonly ActiveAlert[]> {
    return (await this.get<{ readonly alerts: readonly ActiveAlert[] }>('alerts')).alerts;
  }

  /** What an expression gives now. @throws Error for one that Prometheus does not understand */
  async query(expression: string): Promise<readonly Sample[]> {
    const path = `query?query=${encodeURIComponent(expression)}`;
    return (await this.get<{ readonly result: readonly Sample[] }>(path)).result;
  }

  /** Resolves when it is gone, and its data with it. May be called more than once. */
  async stop(): Promise<void> {
    const { child } = this;
    if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) {
      const exited = once(child, 'exit');
      child.kill('SIGTERM');
      const tooLate = setTimeout(() => child.kill('SIGKILL'), 5_000);
      await exited;
      clearTimeout(tooLate);
    }
    rmSync(this.folder, { recursive: true, force: true });
  }

  private async ready(): Promise<void> {
    let words = '';
    this.child.stderr!.setEncoding('utf8').on('data', (chunk: string) => (words += chunk));
    const ended = new Promise<never>((_resolve, reject) => {
      this.child.once('error', reject);
      this.child.once('exit', () => reject(new Error(`Prometheus has ended: ${words}`)));
    });
    // It may end later on, when nobody waits any more.
    ended.catch(() => undefined);
    const deadline = performance.now() + 30_000;
    while (performance.now() < deadline) {
      const answer = await Promise.race([ask(`${this.url}/-/ready`).catch(() => undefined), ended]);
      if (answer?.status === 200) return;
      await Promise.race([sleep(50), ended]);
    }
    throw new Error(`Prometheus was not ready in time: ${words}`);
  }

  private async get<Data>(path: string): Promise<Data> {
    const answer = await ask(`${this.url}/api/v1/${path}`);
    const { status, error, data } = answer.json<{ status: string; error?: string; data: Data }>();
    if (status !== 'success') throw new Error(`${path}: ${error}`);
    return data;
  }
}

function configOf(jobs: Readonly<Record<string, string>>): string {
  const scrapes = Object.entries(jobs).map(([name, target]) => ({
    job_name: name,
    metrics_path: '/connection-health/metrics',
    static_configs: [{ targets: [target.replace('ws://', '')] }],
  }));
  // JSON is YAML.
  return JSON.stringify({
    global: { scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s' },
    rule_files: ['alerts.yml'],
    scrape_configs: scrapes,
  });
}
