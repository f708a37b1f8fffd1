import { describe, expect, it } from '@jest/globals';

import { compare } from '../../lib/audit/layers/comparison.js';
import type { GatewayCount } from '../../lib/audit/layers/gateway.source.js';
import type { Layer } from '../../lib/audit/layers/source.js';
import { verdictOf } from '../../lib/audit/layers/verdict.js';

function layer(name: string, clients?: number, backend?: number, clientsGone?: number): Layer {
  return {
    name,
    source: name,
    notes: [],
    ...(clients !== undefined && { clients }),
    ...(backend !== undefined && { backend }),
    ...(clientsGone !== undefined && { clientsGone }),
  };
}

function gateway(total: number, idleOverFiveMinutes = 0): GatewayCount {
  return { sources: [], total, idleOverOneMinute: 0, idleOverFiveMinutes, findings: [], nodes: 1 };
}

function judged(layers: readonly Layer[], held: GatewayCount, tolerance?: number) {
  const comparison = compare(layers, held, tolerance);
  return { comparison, verdict: verdictOf(comparison, layers, held) };
}

describe('layers side by side', () => {
  it('stand in a row from the clients inwards, with what each has more than the one before', () => {
    const { comparison } = judged([layer('haproxy', 40, 40), layer('nginx', 41)], gateway(100));
    expect(comparison.stations.map(({ label, count }) => `${label}: ${count}`)).toEqual([
      'clients → haproxy: 40',
      'haproxy → backend: 40',
      'clients → nginx: 41',
      'gateway: 100',
    ]);
    expect(comparison.gaps.map(({ excess }) => excess)).toEqual([0, 1, 59]);
  });

  it('without a gap are no leak, and a side that is not known is left out', () => {
    const { comparison, verdict } = judged([layer('caddy', undefined, 10)], gateway(10));
    expect(comparison.stations).toHaveLength(2);
    expect(verdict).toEqual({
      isLeaking: false,
      excess: 0,
      message: 'No layer has more connections than the one outside of it (tolerance: 2).',
    });
  });

  it.each([
    ['inside the proxy', [layer('the proxy', 0, 12, 12)], gateway(12), 12],
    ['inside haproxy', [layer('haproxy', 45, 1_551)], gateway(1_551), 1_506],
    ['between haproxy and the gateway', [layer('haproxy', 3, 3)], gateway(30), 27],
    ['in nginx, or between nginx and the gateway', [layer('nginx', 3)], gateway(30), 27],
    ['between haproxy and caddy', [layer('haproxy', 3, 3), layer('caddy', 20, 20)], gateway(20), 17],
    ['inside caddy', [layer('haproxy', 3, 6), layer('caddy', 6, 60)], gateway(62), 54],
  ])('name the largest gap: %s', (where, layers, held, excess) => {
    const { verdict } = judged(layers, held);
    expect(verdict).toMatchObject({ isLeaking: true, where, excess });
    expect(verdict.message).toContain(`${excess} connections`);
    expect(verdict.nextStep).toBeDefined();
  });

  it('say which of the connections can be seen to be dead', () => {
    expect(judged([layer('the proxy', 5, 17, 12)], gateway(17)).verdict.message).toContain(
      '12 of them can be seen: CLOSE-WAIT on the side of the clients',
    );
    expect(judged([layer('nginx', 5)], gateway(17, 11)).verdict.message).toContain(
      'heard nothing of 11 connections for more than 5 minutes',
    );
  });

  it.each([
    [100, 102, undefined, false],
    [100, 103, undefined, true],
    [10_000, 10_101, undefined, false],
    [10_000, 10_103, undefined, true],
    [100, 101, 0, true],
    [100, 150, 50, false],
  ])('%i and %i with a tolerance of %p: a leak? %p', (outside, inside, tolerance, isLeaking) => {
    expect(judged([layer('nginx', outside)], gateway(inside), tolerance).verdict.isLeaking).toBe(isLeaking);
  });

  it('with more outside than inside are no leak, and it is told', () => {
    const { comparison, verdict } = judged([layer('nginx', 50)], gateway(10));
    expect(verdict.isLeaking).toBe(false);
    expect(comparison.surpluses.map(({ excess }) => excess)).toEqual([-40]);
  });
});
