import { afterEach } from '@jest/globals';

import type { RunningProxy } from './proxy.js';
import { startProxy } from './start.proxy.js';

export type { Behaviour, ProxyName, ProxyOptions, RunningProxy } from './proxy.js';
export { missingProxies, nameOf, PROXIES, type LabRow } from './rows.js';
export { startProxy };

/** Starts proxies that are stopped after the test, whatever happened in it. */
export function useProxies(): typeof startProxy {
  const running: RunningProxy[] = [];
  afterEach(async () => {
    await Promise.all(running.splice(0).map((proxy) => proxy.stop()));
  });
  return async (name, options) => {
    const proxy = await startProxy(name, options);
    running.push(proxy);
    return proxy;
  };
}
