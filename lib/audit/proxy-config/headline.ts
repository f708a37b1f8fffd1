import { bracketed } from './address.js';
import type { ProxySetup } from './proxy.setup.js';

/** The first lines of a configuration, as comments: what it is for, how to check it, what to tell the module. */
export function headline(setup: ProxySetup, about: readonly string[], mark = '#'): string {
  const { path, upstream, intervalMs, limitSeconds } = setup;
  return [
    ...about,
    `WebSockets below ${path} go to ${bracketed(upstream)}; a heartbeat every ${spoken(intervalMs)}, a limit of ${limitSeconds} s.`,
    'The other half, in the app:',
    `  ConnectionHealthModule.forRoot({ heartbeat: { intervalMs: ${intervalMs} }, proxyIdleTimeoutMs: ${limitSeconds * 1_000}, trustProxy: 1 })`,
  ]
    .map((line) => `${mark} ${line}`)
    .join('\n');
}

/** The interval in whole seconds, for what takes no fractions; never longer than it is. */
export function wholeSeconds(intervalMs: number): number {
  return Math.max(1, Math.floor(intervalMs / 1_000));
}

function spoken(intervalMs: number): string {
  return intervalMs % 1_000 === 0 ? `${intervalMs / 1_000} s` : `${intervalMs} ms`;
}
