import { describe, expect, it } from '@jest/globals';

import { overviewOf, rollOf } from '../../lib/fleet/fleet.overview.js';
import type { FleetEntry } from '../../lib/fleet/fleet.store.js';
import { encodeSummary, type NodeSummary } from '../../lib/fleet/node.summary.js';

const NOW = 1_000_000;

function summary(more: Partial<NodeSummary> = {}): NodeSummary {
  return {
    format: 1,
    name: 'host:1',
    startedAt: 0,
    beatAt: NOW - 100,
    isComplete: true,
    connections: 2,
    closing: 0,
    identities: 1,
    byAge: { '0-1h': 2, '1-6h': 0, '6-12h': 0, '12-24h': 0, '24h+': 0 },
    byLastActivity: { active_last_60s: 1, 'idle_1-5min': 1, 'idle_5min+': 0 },
    gateways: [],
    places: 2,
    findings: [],
    overdue: 0,
    staleSessions: [],
    activityAt: NOW,
    activityEveryMs: 1_000,
    ...more,
  };
}

function entry(life: string, more: Partial<NodeSummary> = {}, expiresAt = NOW + 1): FleetEntry {
  return { life, expiresAt, summary: encodeSummary(summary(more)) };
}

function idsOf(entries: FleetEntry[]): unknown {
  const { nodes, isPartial } = rollOf({ entries }, NOW);
  return [nodes.map(({ life }) => life), isPartial];
}

describe('who is there', () => {
  it('is whoever has a lease, in an order that all nodes agree on', () => {
    expect(idsOf([entry('b.1'), entry('a.1')])).toEqual([['a.1', 'b.1'], false]);
  });

  it('is nobody whose lease is over; until it is reaped, something may be missing', () => {
    expect(idsOf([entry('a.1'), entry('b.1', {}, NOW)])).toEqual([['a.1'], true]);
  });

  it('is told as partial while a node has not written all it has', () => {
    expect(idsOf([entry('a.1', { isComplete: false })])).toEqual([['a.1'], true]);
  });

  it('counts a node with two lives once, as the later one', () => {
    expect(idsOf([entry('a.2', { beatAt: NOW - 1 }), entry('a.1')])).toEqual([['a.2'], false]);
    expect(idsOf([entry('a.1'), entry('a.2', { beatAt: NOW - 1 })])).toEqual([['a.2'], false]);
  });

  it.each(['', 'nonsense', 'null', '{}', '{"format":2}'])('leaves out who says %j', (text) => {
    expect(idsOf([entry('a.1'), { life: 'b.1', expiresAt: NOW + 1, summary: text }])).toEqual([
      ['a.1'],
      true,
    ]);
  });
});

describe('the sum of all', () => {
  it('adds what nodes count, and tells each finding once with its worst severity', () => {
    const roll = rollOf(
      {
        entries: [
          entry('a.1', { findings: [{ signal: 'growth', severity: 'warning' }] }),
          entry('b.1', {
            findings: [
              { signal: 'growth', severity: 'critical' },
              { signal: 'idle_cut', severity: 'info' },
            ],
          }),
        ],
      },
      NOW,
    );
    const note = JSON.stringify({ name: 'host:9', at: 5, connections: 3, identities: 2 });
    const losses = [
      { life: 'x.1', note },
      { life: 'y.1', note: 'nonsense' },
    ];
    expect(overviewOf(roll, { store: 'redis', selfId: 'b', now: NOW, losses })).toMatchObject({
      store: 'redis',
      partial: false,
      nodes: 2,
      total_connections: 4,
      connections_by_age: { '0-1h': 4 },
      connections_by_last_activity: { active_last_60s: 2, 'idle_1-5min': 2 },
      members: [
        { id: 'a', is_self: false, beat_ms_ago: 100 },
        { id: 'b', is_self: true, total_connections: 2 },
      ],
      findings: [
        { signal: 'growth', severity: 'critical', nodes: ['a', 'b'] },
        { signal: 'idle_cut', severity: 'info', nodes: ['b'] },
      ],
      lost: [{ id: 'x', name: 'host:9', at: 5, connections: 3, identities: 2 }],
    });
  });
});
