import { describe, expect, it } from '@jest/globals';

import type { LossReason } from '../../lib/client/index.js';
import { ServerTally } from '../../lib/connection/server.tally.js';
import { METRICS_CATALOGUE, type MetricRow } from '../../lib/metrics/metrics.catalogue.js';
import {
  END_REASONS,
  GHOST_KINDS,
  LOSS_REASONS,
  lossReasonOf,
  SOCKET_ERROR_CODES,
  socketErrorCodeOf,
  SPARED_REASONS,
} from '../../lib/metrics/metrics.labels.js';

const ODD = ['__proto__', 'constructor', 'toString', 'x'.repeat(64), 'a"b\nc', ' dead_server', 'Offline'];

describe('labels', () => {
  it('name a reason for having been away only by words that are known', () => {
    for (const word of LOSS_REASONS) expect(lossReasonOf(word)).toBe(word);
    for (const word of ODD) expect(lossReasonOf(word)).toBe('other');
    expect([undefined, ''].map(lossReasonOf)).toEqual(['unknown', 'unknown']);
  });

  it("know every word of the package's own client", () => {
    const said: Record<LossReason, true> = {
      dead_server: true,
      drain: true,
      offline: true,
      connect_timeout: true,
      closed: true,
      error: true,
    };
    for (const word of Object.keys(said)) expect(lossReasonOf(word)).toBe(word);
  });

  it("name a socket's failure only by codes that are known", () => {
    for (const code of SOCKET_ERROR_CODES) expect(socketErrorCodeOf(code)).toBe(code);
    for (const code of [...ODD, '', 'EMADEUP', 'econnreset']) expect(socketErrorCodeOf(code)).toBe('OTHER');
  });

  it('have a value for whatever a tally counts', () => {
    const { closed, ghosts, spared } = new ServerTally();
    expect([...END_REASONS]).toEqual([...Object.keys(closed), 'unwatched']);
    expect([...GHOST_KINDS]).toEqual(Object.keys(ghosts));
    expect([...SPARED_REASONS]).toEqual(Object.keys(spared));
  });

  it.each(Object.entries(METRICS_CATALOGUE))('of %s are bounded', (_name, row: MetricRow) => {
    const bounded = row.labels.filter((label) => label !== 'gateway');
    expect(Object.keys(row.values ?? {})).toEqual(bounded);
    expect(row.labels.length).toBeLessThanOrEqual(2);
    expect(row.buckets === undefined).toBe(row.type !== 'histogram');
    expect([...(row.buckets ?? [])].sort((one, other) => one - other)).toEqual([...(row.buckets ?? [])]);
  });
});
