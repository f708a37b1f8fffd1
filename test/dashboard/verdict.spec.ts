import { describe, expect, it } from '@jest/globals';

import { FINDING_SIGNALS, type Finding } from '../../lib/lifecycle/lifecycle.events.js';
import { verdictOf } from '../../lib/diagnostics/page/browser/verdict.js';
import { healthy, leak } from './stories.mjs';

const NOW = 1_700_000_000_000;

function finding(signal: Finding['signal'], severity: Finding['severity']): Finding {
  return { signal, severity, message: 'm', next_step: 'n' };
}

function verdictFor(...findings: Finding[]) {
  return verdictOf({ ...leak(NOW).snapshot, findings });
}

describe('the verdict', () => {
  it('is the leak with its numbers, however many other findings there are', () => {
    expect(verdictOf(leak(NOW).snapshot)).toEqual({
      level: 'critical',
      title: 'Leak: 1506 of 1551 connections are stale',
      detail: '97 % gave no sign of life for 5 minutes or longer; 42 did within the last minute.',
      signal: 'stale_ratio',
    });
  });

  it('is that all is well where there is no finding, or only information', () => {
    expect(verdictOf(healthy(NOW).snapshot)).toEqual({
      level: 'ok',
      title: 'Healthy',
      detail: '485 of 487 connections gave a sign of life within the last minute.',
    });
    expect(verdictFor(finding('growth', 'info'))).toMatchObject({ level: 'ok', title: 'Healthy' });
  });

  it('is that all is well where nobody is connected', () => {
    const idle = { active_last_60s: 0, 'idle_1-5min': 0, 'idle_5min+': 0 };
    const empty = { ...healthy(NOW).snapshot, total_connections: 0, connections_by_last_activity: idle };
    expect(verdictOf(empty)).toEqual({ level: 'ok', title: 'Healthy', detail: 'Nobody is connected.' });
  });

  it('only suspects where the finding does', () => {
    expect(verdictFor(finding('stale_ratio', 'warning'))).toMatchObject({
      level: 'warning',
      title: 'Leak suspected: 1506 of 1551 connections are stale',
    });
    expect(verdictFor(finding('growth', 'warning')).title).toMatch(/^Leak suspected: connections grow/);
  });

  it('lets the severest speak, and among equals the leak', () => {
    const [slow, blind] = [finding('backpressure', 'warning'), finding('clients_do_not_answer', 'critical')];
    expect(verdictFor(finding('growth', 'warning'), slow, blind).signal).toBe('clients_do_not_answer');
    expect(verdictFor(slow, finding('growth', 'warning')).signal).toBe('growth');
    expect(verdictFor(blind, finding('stale_ratio', 'critical')).signal).toBe('stale_ratio');
  });

  it.each(FINDING_SIGNALS)('has words of its own for %s', (signal) => {
    expect(verdictFor(finding(signal, 'warning')).title).toMatch(/^[A-Z][\w ]+(: .+)?$/);
  });

  it('has some for a finding that it does not know', () => {
    const unknown = finding('brand_new' as Finding['signal'], 'warning');
    expect(verdictFor(unknown)).toMatchObject({ level: 'warning', title: 'Needs attention' });
    expect(verdictFor(unknown, finding('backpressure', 'warning')).signal).toBe('backpressure');
  });
});
