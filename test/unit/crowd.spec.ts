import { describe, expect, it } from '@jest/globals';

import { Crowd, Crowds } from '../../lib/connection/crowd.js';

function askTimes(crowd: Crowd, count: number): boolean[] {
  return Array.from({ length: count }, () => crowd.noteAsked());
}

describe('Crowd (R7)', () => {
  it('is mute when enough were asked and none has ever answered, and says so once', () => {
    const crowd = new Crowd(3);
    expect(askTimes(crowd, 2)).toEqual([false, false]);
    expect(crowd.isMute).toBe(false);
    expect(askTimes(crowd, 3)).toEqual([true, false, false]);
    expect(crowd.isMute).toBe(true);
  });

  it('is mute no more from the first answer on, for ever, and says so once', () => {
    const crowd = new Crowd(3);
    askTimes(crowd, 3);
    expect([crowd.noteAnswered(), crowd.noteAnswered()]).toEqual([true, false]);
    askTimes(crowd, 1_000);
    expect(crowd.isMute).toBe(false);
  });

  it('has never been mute where one answered before enough were asked', () => {
    const crowd = new Crowd(3);
    askTimes(crowd, 2);
    expect(crowd.noteAnswered()).toBe(false);
    expect(askTimes(crowd, 5)).toEqual([false, false, false, false, false]);
    expect(crowd.isMute).toBe(false);
  });

  it('is never mute where silence is not to be judged so', () => {
    const crowd = new Crowd(Infinity);
    expect(askTimes(crowd, 10_000)).not.toContain(true);
    expect(crowd.isMute).toBe(false);
  });
});

describe('the crowds of several wires', () => {
  it('are mute each by itself: who answers on one says nothing of those on another', () => {
    const crowds = new Crowds(2);
    for (const codec of ['json', 'json', 'phoenix']) crowds.of(codec).noteAsked();
    expect([crowds.of('json').isMute, crowds.of('phoenix').isMute, crowds.isMute]).toEqual([
      true,
      false,
      true,
    ]);
    crowds.of('phoenix').noteAnswered();
    expect([crowds.of('json').isMute, crowds.isMute]).toEqual([true, true]);
    crowds.of('json').noteAnswered();
    expect(crowds.isMute).toBe(false);
  });
});
