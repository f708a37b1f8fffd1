import { NEVER } from '../clock/awake.clock.js';
import type { Question } from '../connection/connection.js';

/** A question that is not asked yet. */
export type BlankQuestion = { -readonly [Key in keyof Question]: Question[Key] };

/** More are left to the collector: as many as a million clients leave open that answer within half a second. */
const MAX_SPARE = 16_384;

/**
 * Questions that were answered, to be asked again. Each lives for a round trip, which is just long enough for V8 to copy
 * it twice: of very many, that took longer than asking them.
 */
export class QuestionPool {
  private readonly spare: BlankQuestion[] = [];

  /** @returns one whose every field is to be written */
  take(): BlankQuestion {
    return this.spare.pop() ?? blank();
  }

  /** Takes back a question that nobody looks at any more. */
  giveBack(question: Question): void {
    if (this.spare.length < MAX_SPARE) this.spare.push(question);
  }
}

function blank(): BlankQuestion {
  return {
    // No whole numbers, so that these fields hold numbers with a fraction from the first on.
    ts: NaN,
    sentAt: NaN,
    askedAt: NEVER,
    handedOverAt: NEVER,
    bytesAtEnd: undefined,
    messagesBefore: 0,
    controlBytesBefore: 0,
    dataBytesBefore: 0,
    probe: undefined,
    probeAnswered: false,
    isMissed: false,
    isSettled: false,
    isRepeat: false,
    wasHeld: false,
    wasSent: false,
    stallsSeen: 0,
  };
}
