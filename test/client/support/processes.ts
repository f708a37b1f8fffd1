import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, afterEach, beforeAll } from '@jest/globals';
import { build } from 'esbuild';
import type { HealthyWebSocketOptions } from 'nestjs-connection-health/client';
import type { ConnectionHealthModuleOptions } from 'nestjs-connection-health';

import { TestProcess } from '../../support/process.js';
import { untilReport } from './until.report.js';

/** What a server in another process has seen. */
export interface ServerReport {
  readonly open: number;
  readonly events: readonly {
    readonly type: string;
    readonly reason?: string;
    readonly code?: number;
    readonly offlineMs?: number;
    readonly attempts?: number;
  }[];
}

/** A Nest app with the module, in a process of its own. */
export class NestServer {
  private constructor(
    readonly process: TestProcess,
    readonly port: number,
  ) {}

  /** @param port of a server that is gone, to take its place */
  static async start(options: Omit<ConnectionHealthModuleOptions, 'clock'>, port = 0): Promise<NestServer> {
    const script = 'client/support/nest.server.mjs';
    const child = TestProcess.start(script, String(port), JSON.stringify(options));
    return new NestServer(child, await child.receive<number>('port'));
  }

  get url(): string {
    return `ws://127.0.0.1:${this.port}`;
  }

  report(): Promise<ServerReport> {
    return this.process.ask('report', 'report');
  }

  /** Resolves with the report as soon as it says so. @throws after `withinMs`, with the last one */
  until(what: string, holds: (report: ServerReport) => boolean, withinMs?: number): Promise<ServerReport> {
    return untilReport(() => this.report(), what, holds, withinMs);
  }
}

/** What a client in another process tells. */
export interface ClientReport {
  readonly story: readonly string[];
  readonly closes: readonly { readonly code: number; readonly reason: string; readonly retryInMs?: number }[];
  readonly readyState: number;
  /** What keeps its process alive. */
  readonly resources: readonly string[];
}

/** What the script of a client is to do beside connecting. */
export interface ClientScript {
  readonly url: string;
  /** Those that are JSON. */
  readonly options?: Omit<HealthyWebSocketOptions, 'WebSocket' | 'codec' | 'authenticate' | 'state'>;
  /** Node's own class instead of that of `ws`. */
  readonly isNative?: boolean;
  /** Blocks its event loop for so long right after its first question. */
  readonly blockAfterAskingMs?: number;
  /** And right after it has begun to connect. */
  readonly blockAtStartMs?: number;
  /** Lets go of its parent at once: from then on nothing but the client keeps the process. */
  readonly isAlone?: boolean;
}

/** Processes that are ended after the test, and a bundle of the client for them that is as new as its source. */
export function useProcesses(): {
  readonly server: typeof NestServer.start;
  readonly client: (script: ClientScript) => TestProcess;
  /** An ES module with everything that `nestjs-connection-health/client` exports. */
  readonly bundle: () => string;
} {
  let folder: string;
  const children: TestProcess[] = [];
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'healthy-websocket-'));
    await build({
      entryPoints: ['lib/client/index.ts'],
      bundle: true,
      format: 'esm',
      target: 'es2022',
      outfile: join(folder, 'client.mjs'),
    });
  });
  afterEach(async () => {
    for (const child of children.splice(0)) await child.end();
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const bundle = (): string => join(folder, 'client.mjs');
  return {
    bundle,
    async server(options, port) {
      const server = await NestServer.start(options, port);
      children.push(server.process);
      return server;
    },
    client(script) {
      const child = TestProcess.start('client/support/client.mjs', bundle(), JSON.stringify(script));
      children.push(child);
      return child;
    },
  };
}
