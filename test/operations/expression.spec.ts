import { describe, expect, it } from '@jest/globals';

import { mistakesIn, selectorsOf } from './expression.js';

describe('the reader of expressions', () => {
  it('finds every series, its matchers and what is done to it', () => {
    const expression =
      'sum by (le) (rate(ws_heartbeat_latency_seconds_bucket[5m])) > on () job:ws_x:p99 + ws_leak_suspected{signal=~"growth|idle_cut"}';
    expect(selectorsOf(expression)).toEqual([
      { metric: 'ws_heartbeat_latency_seconds_bucket', caller: 'rate', matchers: [] },
      {
        metric: 'ws_leak_suspected',
        caller: '',
        matchers: [{ label: 'signal', operator: '=~', value: 'growth|idle_cut' }],
      },
    ]);
  });

  it.each([
    ['ws_connections', 'ws_connections is not in the catalogue'],
    [
      'rate(ws_connections_opened_total_bucket[5m])',
      'ws_connections_opened_total_bucket is not in the catalogue',
    ],
    ['ws_heartbeat_latency_seconds', 'ws_heartbeat_latency_seconds is not in the catalogue'],
    ['ws_connections_active{reason="timeout"}', 'ws_connections_active has no label reason'],
    ['ws_leak_suspected{signal=~"growth|leak"}', 'signal of ws_leak_suspected is never leak'],
    ['ws_connections_opened_total', 'ws_connections_opened_total is a counter: rate() is missing'],
    ['sum(ws_connections_opened_total)', 'ws_connections_opened_total is a counter: rate() is missing'],
    ['rate(ws_connections_active[5m])', 'rate() of the gauge ws_connections_active'],
  ])('does not accept %s', (expression, mistake) => {
    expect(mistakesIn(expression)).toEqual([mistake]);
  });

  it.each([
    'sum by (job) (ws_connections_active{job="a", instance="b", gateway=~".*"} offset 1h)',
    'increase(ws_sweep_duration_seconds_count[10m])',
    'rate(ws_connections_closed_total{reason=~"timeout|stale_sweep"}[1h])',
  ])('accepts %s', (expression) => {
    expect(mistakesIn(expression)).toEqual([]);
  });
});
