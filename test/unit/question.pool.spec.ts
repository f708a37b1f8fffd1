import { describe, expect, it } from '@jest/globals';

import { BeatWriter } from '../../lib/heartbeat/beat.writer.js';
import { QuestionPool } from '../../lib/heartbeat/question.pool.js';
import { ASKED_ANEW, Questioner } from '../../lib/heartbeat/questioner.js';
import { Records } from '../support/records.js';

function fail(error: unknown): never {
  throw error;
}

/** Somebody who asks with what a pool holds, always at the same time. */
function asker(questions: QuestionPool) {
  const records = new Records();
  const writer = new BeatWriter(records.clock, fail);
  writer.newTick();
  const questioner = new Questioner({ clock: records.clock, writer, questions, stalls: () => 3 });
  return () => {
    const connection = records.make();
    const { heartbeat } = connection.server.settings;
    if (heartbeat === false) throw new Error('expected heartbeats by default');
    return questioner.ask(connection, heartbeat, records.awake.now(), ASKED_ANEW);
  };
}

describe('a question that is asked again', () => {
  it('holds nothing of what it was before: each field is as in one that is new', () => {
    const pool = new QuestionPool();
    const used = pool.take();
    for (const key of Object.keys(used)) Reflect.set(used, key, 'of another connection');
    pool.giveBack(used);
    const again = asker(pool)();
    expect(again).toBe(used);
    expect(again).toEqual(asker(new QuestionPool())());
  });

  it('is nobody else’s meanwhile', () => {
    const pool = new QuestionPool();
    pool.giveBack(pool.take());
    const ask = asker(pool);
    expect(ask()).not.toBe(ask());
  });
});
