import { chmodSync, mkdtempSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach } from '@jest/globals';

import { freePort } from '../proxy-lab/free.port.js';
import { startProxy, type ProxyName, type RunningProxy } from '../proxy-lab/lab.js';
import { nginx } from '../proxy-lab/nginx.js';
import { ProxyProcess } from '../proxy-lab/proxy.process.js';
import { printed } from './printed.js';

/** The name on the command line, and the proxy of the lab that runs what is printed for it. */
export const PRINTED: readonly (readonly [name: string, proxy: ProxyName])[] = [
  ['nginx', 'nginx'],
  ['openresty', 'nginx'],
  ['haproxy', 'haproxy'],
  ['apache', 'apache-http'],
  ['caddy', 'caddy'],
];

/** Where a printed proxy stands. */
export interface PrintedPlace {
  readonly upstreamPort: number;
  /** Of both sides. @default '127.0.0.1' */
  readonly host?: string;
  /** @default '/ws' */
  readonly path?: string;
  readonly options?: readonly string[];
}

/** Starts a proxy with exactly the configuration that is printed for it. */
export async function startPrinted(
  [name, proxy]: readonly [string, ProxyName],
  { upstreamPort, host = '127.0.0.1', path = '/ws', options = [] }: PrintedPlace,
): Promise<RunningProxy> {
  const port = await freePort(host);
  const place = ['--path', path, '--listen', `${host}:${port}`, '--upstream', `${host}:${upstreamPort}`];
  const config = await printed(name, ...place, ...options);
  const backend = { host, port: upstreamPort };
  return name === 'openresty'
    ? startOnDebian({ config, port, listen: host })
    : startProxy(proxy, { config, port, listen: host, backend });
}

/** The same, stopped after the test whatever happened in it. */
export function usePrinted(): typeof startPrinted {
  const running: RunningProxy[] = [];
  afterEach(async () => {
    await Promise.all(running.splice(0).map((proxy) => proxy.stop()));
  });
  return async (...args) => {
    const proxy = await startPrinted(...args);
    running.push(proxy);
    return proxy;
  };
}

/**
 * nginx with Debian's modules, which the configuration includes itself. Debian's files name them below the folder where
 * nginx was installed; the lab's nginx has another, so it gets the link that Debian has too.
 */
async function startOnDebian(given: { config: string; port: number; listen: string }): Promise<RunningProxy> {
  const folder = mkdtempSync(join(tmpdir(), `proxy-lab-${process.pid}-`));
  chmodSync(folder, 0o755);
  symlinkSync('/usr/lib/nginx/modules', join(folder, 'modules'));
  const unused = { statusPort: 0, backend: '', behaviour: 'ok', idleTimeoutMs: 0 } as const;
  const place = { ...given, ...unused, folder };
  return ProxyProcess.start('nginx', place, nginx(place));
}
