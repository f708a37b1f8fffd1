import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';

import { LifecycleBus } from '../../lib/lifecycle/lifecycle.bus.js';
import type { Finding } from '../../lib/lifecycle/lifecycle.events.js';
import { FindingsBoard } from '../../lib/signals/findings.board.js';

function finding(
  severity: Finding['severity'],
  message = 'it is wrong',
  signal = 'growth' as const,
): Finding {
  return { signal, severity, message, next_step: 'mend it' };
}

function setUp() {
  const bus = new LifecycleBus(
    () => 0,
    (error) => {
      throw error;
    },
  );
  const told: string[] = [];
  bus.on('finding_raised', (event) => told.push(`raised ${event.finding.severity}`));
  bus.on('finding_cleared', (event) => told.push(`cleared ${event.finding.severity}`));
  return { board: new FindingsBoard(bus), told };
}

describe('the board of findings', () => {
  it('tells once that something is wrong, once that it is worse, and once that it is right again', () => {
    const { board, told } = setUp();
    for (const severity of ['info', 'info', 'warning', 'warning', 'critical', 'critical'] as const)
      board.raise(finding(severity));
    board.clear('growth');
    board.clear('growth');
    expect(told).toEqual(['raised info', 'raised warning', 'raised critical', 'cleared critical']);
  });

  it('does not flap between two severities, and keeps the numbers up to date', () => {
    const { board, told } = setUp();
    board.raise(finding('warning', 'one'));
    board.raise(finding('critical', 'two'));
    board.raise(finding('warning', 'three'));
    board.raise(finding('critical', 'four'));
    expect(told).toEqual(['raised warning', 'raised critical']);
    board.raise(finding('info', 'five'));
    expect(board.list()).toEqual([finding('critical', 'five')]);
  });

  it('clears only after so many looks without a finding in a row', () => {
    const { board, told } = setUp();
    board.settle('growth', undefined, 3);
    board.settle('growth', finding('warning'), 3);
    board.settle('growth', undefined, 3);
    board.settle('growth', undefined, 3);
    board.settle('growth', finding('warning'), 3);
    board.settle('growth', undefined, 3);
    board.settle('growth', undefined, 3);
    expect(board.stands('growth')).toBe(true);
    board.settle('growth', undefined, 3);
    expect(board.stands('growth')).toBe(false);
    expect(told).toEqual(['raised warning', 'cleared warning']);
  });

  it('tells as many beginnings as ends, in turn, whatever happens', () => {
    const look = fc.constantFrom(undefined, 'info' as const, 'warning' as const, 'critical' as const);
    fc.assert(
      fc.property(fc.array(look), fc.integer({ min: 1, max: 5 }), (looks, calmLooks) => {
        const { board, told } = setUp();
        for (const severity of looks)
          board.settle('growth', severity === undefined ? undefined : finding(severity), calmLooks);
        const ends = told.filter((each) => each.startsWith('cleared')).length;
        const begun = told.filter(
          (each, index) => each.startsWith('raised') && !(told[index - 1] ?? 'cleared').startsWith('raised'),
        ).length;
        expect(begun - ends).toBe(board.stands('growth') ? 1 : 0);
      }),
    );
  });

  it('lists the worst first', () => {
    const { board } = setUp();
    board.raise(finding('info'));
    board.raise({ ...finding('critical'), signal: 'stale_ratio' });
    board.raise({ ...finding('warning'), signal: 'ghost_rate' });
    expect(board.list().map(({ signal }) => signal)).toEqual(['stale_ratio', 'ghost_rate', 'growth']);
  });
});
