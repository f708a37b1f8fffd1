import { describe, expect, it } from '@jest/globals';

import { FINDING_SIGNALS, type Finding } from '../../lib/lifecycle/lifecycle.events.js';
import { judgeReadiness, type ReadinessFacts } from '../../lib/terminus/readiness.policy.js';
import { resolveThresholds, type ReadinessThresholds } from '../../lib/terminus/readiness.thresholds.js';

const LEAKS = ['growth', 'stale_ratio', 'ghost_rate', 'ghosts_behind_terminating_proxy'] as const;
const OTHERS = FINDING_SIGNALS.filter((signal) => !(LEAKS as readonly string[]).includes(signal));

const WELL: ReadinessFacts = { connections: 10, findings: [], isDraining: false, isClosing: false };

function finding(signal: Finding['signal'], severity: Finding['severity']): Finding {
  return { signal, severity, message: 'what', next_step: 'do' };
}

function judge(facts: Partial<ReadinessFacts>, thresholds: ReadinessThresholds = {}): unknown {
  return judgeReadiness({ ...WELL, ...facts }, resolveThresholds(thresholds));
}

describe('readiness', () => {
  it('is up where nothing is wrong, however many connections there are', () => {
    expect(judge({ connections: 1_000_000 })).toEqual({ status: 'up', reasons: [] });
  });

  it.each(LEAKS)('%s: degraded as a suspicion, down when proven, nothing as information', (signal) => {
    expect(judge({ findings: [finding(signal, 'info')] })).toEqual({ status: 'up', reasons: [] });
    expect(judge({ findings: [finding(signal, 'warning')] })).toEqual({
      status: 'degraded',
      reasons: ['suspected_leak'],
    });
    expect(judge({ findings: [finding(signal, 'critical')] })).toEqual({ status: 'down', reasons: ['leak'] });
  });

  it.each(LEAKS)('%s: never more than degraded with failOnLeak: false', (signal) => {
    const verdict = judge({ findings: [finding(signal, 'critical')] }, { failOnLeak: false });
    expect(verdict).toEqual({ status: 'degraded', reasons: ['leak'] });
  });

  it.each(OTHERS)('%s is no leak: another process would do no better', (signal) => {
    expect(judge({ findings: [finding(signal, 'critical')] })).toEqual({ status: 'up', reasons: [] });
  });

  it('a proven leak beside a suspected one is told once', () => {
    const findings = [finding('stale_ratio', 'critical'), finding('growth', 'warning')];
    expect(judge({ findings })).toEqual({ status: 'down', reasons: ['leak'] });
  });

  it('is down from the moment in which the app begins to close, or drains', () => {
    expect(judge({ isClosing: true })).toEqual({ status: 'down', reasons: ['closing'] });
    expect(judge({ isDraining: true })).toEqual({ status: 'down', reasons: ['draining'] });
  });

  it('is down above maxConnections and degraded above degradedConnections, not at them', () => {
    const thresholds = { maxConnections: 20, degradedConnections: 15 };
    expect(judge({ connections: 15 }, thresholds)).toEqual({ status: 'up', reasons: [] });
    expect(judge({ connections: 16 }, thresholds)).toEqual({
      status: 'degraded',
      reasons: ['near_capacity'],
    });
    expect(judge({ connections: 20 }, thresholds)).toMatchObject({ status: 'degraded' });
    expect(judge({ connections: 21 }, thresholds)).toEqual({ status: 'down', reasons: ['over_capacity'] });
  });

  it('tells every reason, the grave ones first', () => {
    const facts = {
      connections: 30,
      findings: [finding('growth', 'warning')],
      isClosing: true,
      isDraining: true,
    };
    expect(judge(facts, { maxConnections: 20, degradedConnections: 15 })).toEqual({
      status: 'down',
      reasons: ['closing', 'draining', 'over_capacity', 'suspected_leak'],
    });
  });
});

describe('the thresholds', () => {
  it('have defaults that never trip', () => {
    const defaults = { maxConnections: Infinity, degradedConnections: Infinity, failOnLeak: true };
    expect(resolveThresholds({})).toEqual(defaults);
    expect(resolveThresholds({ maxConnections: undefined, failOnLeak: undefined } as never)).toEqual(
      defaults,
    );
    expect(resolveThresholds({ degradedConnections: 1 })).toEqual({ ...defaults, degradedConnections: 1 });
  });

  it.each([
    [{ maxConnections: 0 }, 'isReady(): thresholds.maxConnections: expected a whole number from 1, got 0'],
    [
      { maxConnections: 1.5 },
      'isReady(): thresholds.maxConnections: expected a whole number from 1, got 1.5',
    ],
    [
      { maxConnections: '9' },
      'isReady(): thresholds.maxConnections: expected a whole number from 1, got "9"',
    ],
    [
      { maxConnections: null },
      'isReady(): thresholds.maxConnections: expected a whole number from 1, got null',
    ],
    [
      { degradedConnections: NaN },
      'isReady(): thresholds.degradedConnections: expected a whole number from 1, got NaN',
    ],
    [
      { maxConnections: 5, degradedConnections: 5 },
      'isReady(): thresholds.degradedConnections: expected a number below maxConnections (5), got 5',
    ],
    [{ failOnLeak: 'no' }, 'isReady(): thresholds.failOnLeak: expected true or false, got "no"'],
    [
      { maxConnection: 5 },
      'isReady(): thresholds.maxConnection: expected one of maxConnections, degradedConnections, failOnLeak, got "maxConnection"',
    ],
    [null, 'isReady(): thresholds: expected an object, got null'],
    [7, 'isReady(): thresholds: expected an object, got 7'],
    [[], 'isReady(): thresholds: expected an object, got an array of 0'],
  ])('reject %j in words', (thresholds, message) => {
    expect(() => resolveThresholds(thresholds as ReadinessThresholds)).toThrow(
      expect.objectContaining({ name: 'ConnectionHealthArgumentError', message }),
    );
  });
});
