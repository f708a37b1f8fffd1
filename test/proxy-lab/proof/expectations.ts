import { expect } from '@jest/globals';

import type { Fate } from './crowd/crowd.js';
import { clientsOf, undetectedFates, type Outcome, type RowResult } from './proof.result.js';

/** What our app promises, in milliseconds. */
export interface Promised {
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly tickMs: number;
  readonly closeTimeoutMs: number;
  /** What a loaded machine may add. */
  readonly slackMs: number;
}

/** Our column: every ghost found in time and for what it is, nobody else harmed. */
export function expectOurs(
  { row, outcomes, found }: RowResult,
  fates: readonly Fate[],
  promised: Promised,
): void {
  const { title } = row;
  const { intervalMs, timeoutMs, tickMs, closeTimeoutMs, slackMs } = promised;
  const { ghosts, lost, lastGoneMs = Infinity } = outcomes.ours;
  expect({ title, ghosts, lost }).toEqual({ title, ghosts: [], lost: [] });
  const boundMs = intervalMs + timeoutMs + tickMs + slackMs;
  const late = found.filter(({ foundMs, wasHeld }) => foundMs > boundMs + (wasHeld ? timeoutMs : 0));
  expect({ title, late }).toEqual({ title, late: [] });
  expect(lastGoneMs).toBeLessThan(boundMs + timeoutMs + closeTimeoutMs);
  // Exactly those whom nobody but a heartbeat could find, each for what it is.
  const kind = row.answersPings ? 'proxy_answered' : 'silent';
  const verdicts = found.map((ghost) => `${ghost.who} ${ghost.kind}`).sort();
  const wanted = clientsOf(row, undetectedFates(row, fates)).map((who) => `${who} ${kind}`);
  expect(verdicts).toEqual(wanted.sort());
}

/** The others' columns: what is known of them, or the proof would prove nothing. */
export function expectOthers({ row, outcomes }: RowResult, fates: readonly Fate[]): void {
  const { title, answersPings, dropsPings, cutsIdle = false } = row;
  const { nothing, pings } = outcomes;
  const everybody = clientsOf(row, ['answers']);
  const undetected = cutsIdle ? [] : clientsOf(row, undetectedFates(row, fates)).sort();
  expect({ title, ...essentials(nothing) }).toEqual({
    title,
    ghosts: undetected,
    lost: cutsIdle ? everybody : [],
  });
  expect({ title, ghosts: pings.ghosts }).toEqual({ title, ghosts: answersPings ? undetected : [] });
  // Who answers in time is its affair elsewhere: the loop has no mercy with a loaded machine.
  if (dropsPings || cutsIdle) expect({ title, lost: pings.lost }).toEqual({ title, lost: everybody });
}

function essentials({ ghosts, lost }: Outcome): Pick<Outcome, 'ghosts' | 'lost'> {
  return { ghosts, lost };
}
