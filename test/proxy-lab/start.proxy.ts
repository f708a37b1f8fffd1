import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { apacheHttp, apacheWstunnel } from './apache.js';
import { caddy } from './caddy.js';
import { freePort } from './free.port.js';
import { haproxy } from './haproxy.js';
import { lua } from './lua.js';
import { nginx } from './nginx.js';
import { node } from './node.js';
import { ProxyProcess } from './proxy.process.js';
import type { Behaviour, ProxyName, ProxyOptions, Recipe, RunningProxy } from './proxy.js';
import { missingProxies, PACKAGES } from './rows.js';

const LONG_MS = 600_000;

const RECIPES: Readonly<Record<ProxyName, Recipe>> = {
  nginx,
  haproxy,
  caddy,
  'apache-http': apacheHttp,
  'apache-wstunnel': apacheWstunnel,
  lua,
  node,
};

const BEHAVIOURS: Partial<Readonly<Record<ProxyName, readonly Behaviour[]>>> = {
  lua: ['ok', 'ghost', 'forward', 'drop', 'idle', 'pool'],
  node: ['ok', 'ghost', 'forward'],
};

/**
 * Starts a proxy in a folder of its own. Resolves as soon as its port accepts.
 *
 * @throws Error with what the proxy itself says, if it does not start; and if it is not installed or has no such behaviour
 */
export async function startProxy(name: ProxyName, options: ProxyOptions): Promise<RunningProxy> {
  const { backend, behaviour = 'ok', listen = '127.0.0.1', idleTimeoutMs = LONG_MS, config } = options;
  if (!(BEHAVIOURS[name] ?? ['ok']).includes(behaviour)) throw new Error(`${name} has no "${behaviour}"`);
  if (missingProxies().includes(name)) throw new Error(`${name} is missing: apt-get install ${PACKAGES}`);
  const place = {
    folder: mkdtempSync(join(tmpdir(), `proxy-lab-${process.pid}-`)),
    listen,
    port: options.port ?? (await freePort(listen)),
    statusPort: await freePort(),
    backend: `${backend.host ?? '127.0.0.1'}:${backend.port}`,
    behaviour,
    idleTimeoutMs,
    config,
  };
  chmodSync(place.folder, 0o755); // workers that run as somebody else read their code from it
  try {
    return await ProxyProcess.start(name, place, RECIPES[name](place));
  } catch (error) {
    rmSync(place.folder, { recursive: true, force: true });
    throw error;
  }
}
