import { readFileSync } from 'node:fs';

import { describe, expect, it } from '@jest/globals';

const page = readFileSync('docs/kubernetes.md', 'utf8');
const manifest = readFileSync('docs/kubernetes/app.yaml', 'utf8');
const ingress = readFileSync('docs/kubernetes/ingress.yaml', 'utf8');

/** The number behind a name, in a text with `_` in its numbers. */
function numberIn(text: string, name: string): number {
  const found = new RegExp(`${name}['"]?: '?([\\d_]+)`).exec(text)?.[1];
  if (found === undefined) throw new Error(`no ${name}`);
  return Number(found.replaceAll('_', ''));
}

describe('the manifests for Kubernetes', () => {
  it('leave a pod the time that its drain may take', () => {
    const graceMs = numberIn(manifest, 'terminationGracePeriodSeconds') * 1_000;
    const drainMs = numberIn(page, 'readinessDelayMs') + numberIn(page, 'timeoutMs');
    expect(graceMs).toBeGreaterThanOrEqual(drainMs + 10_000);
    expect(numberIn(page, 'spreadMs')).toBeLessThan(numberIn(page, 'timeoutMs'));
  });

  it('replace a pod only when the clients of the last one are back', () => {
    expect(numberIn(manifest, 'minReadySeconds') * 1_000).toBeGreaterThan(
      numberIn(page, 'reconnectSpreadMs'),
    );
  });

  it('wait until whoever asks for readiness has noticed, before anybody is disconnected', () => {
    const readiness = manifest.slice(manifest.indexOf('readinessProbe'));
    const noticedMs = numberIn(readiness, 'periodSeconds') * numberIn(readiness, 'failureThreshold') * 1_000;
    expect(numberIn(page, 'readinessDelayMs')).toBeGreaterThan(noticedMs);
  });

  it('give the ingress the limit that the app is told of, at two to three heartbeats', () => {
    const limitMs = numberIn(ingress, 'proxy-read-timeout') * 1_000;
    expect(numberIn(page, 'proxyIdleTimeoutMs')).toBe(limitMs);
    expect(limitMs / 30_000).toBeGreaterThanOrEqual(2);
    expect(limitMs / 30_000).toBeLessThanOrEqual(3);
  });

  it('need no session affinity', () => {
    expect(manifest).not.toMatch(/^\s*sessionAffinity:/m);
  });
});
