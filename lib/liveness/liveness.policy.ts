import { NEVER, type AwakeTime } from '../clock/awake.clock.js';

/** What is known of a connection that was asked. */
export interface QuestionFacts {
  /** Whether we do not read from it at present, by the app's wish or because `ws` is busy with what it has read. */
  readonly isPaused: boolean;
  /** Whether evidence that counts has arrived since it was asked. */
  readonly wasHeard: boolean;
  /** Whether the event loop has stalled since it was asked, and it was not asked again for that yet. */
  readonly wasInterrupted: boolean;
  readonly askedAt: AwakeTime;
  /** When the kernel had the question; {@link NEVER} before. */
  readonly handedOverAt: AwakeTime;
  /** When bytes of ours that wait in this process last moved; {@link NEVER} when none wait. */
  readonly unsentMovedAt: AwakeTime;
  /** Bytes written since the last answered question: what the reader must get through before it sees this one. */
  readonly bytesAhead: number;
}

/** The numbers that apply to a question. */
export interface QuestionLimits {
  readonly timeoutMs: number;
  readonly minDrainBytesPerSecond: number;
  readonly maxExtraMs: number;
}

/** What the policy says of one connection at one instant. */
export type Verdict =
  /** It lives. */
  | { readonly kind: 'alive' }
  /** It cannot be judged before `until`. */
  | { readonly kind: 'wait'; readonly until: AwakeTime }
  /** It must be asked once more. */
  | { readonly kind: 'repeat' }
  /** The heartbeat was missed. */
  | { readonly kind: 'missed' };

const ALIVE: Verdict = { kind: 'alive' };
const REPEAT: Verdict = { kind: 'repeat' };
const MISSED: Verdict = { kind: 'missed' };

/** Rule R4: whether a heartbeat was missed. Pure. */
export function judgeQuestion(facts: QuestionFacts, limits: QuestionLimits, now: AwakeTime): Verdict {
  if (facts.wasHeard) return ALIVE;
  if (facts.isPaused) return wait(now);
  const deadline = deadlineOf(facts, limits);
  if (now < deadline) return wait(deadline);
  return facts.wasInterrupted ? REPEAT : MISSED;
}

/** Rule R5: whether a connection is stale. Pure. */
export function isStale(
  facts: Pick<QuestionFacts, 'isPaused' | 'unsentMovedAt' | 'bytesAhead'> & {
    readonly lastActivityAt: AwakeTime;
  },
  limits: QuestionLimits & { readonly staleAfterMs: number },
  now: AwakeTime,
): boolean {
  // A reader that is still busy with what lies before our questions has had no chance to answer one.
  const extraMs = allowanceMs(facts.bytesAhead, limits);
  const isDraining = facts.unsentMovedAt !== NEVER && now - facts.unsentMovedAt < limits.timeoutMs + extraMs;
  return !facts.isPaused && !isDraining && now - facts.lastActivityAt > limits.staleAfterMs + extraMs;
}

/**
 * Counted from when the kernel had the question, or from when bytes of ours that still wait last moved. The allowance
 * holds for both: a kernel wakes a blocked writer only when a third of its send buffer is free (Linux,
 * `sk_stream_is_writeable`), so a healthy reader at 200 KB/s seems to take nothing for ten seconds.
 */
function deadlineOf(facts: QuestionFacts, limits: QuestionLimits): AwakeTime {
  const handedOverAt = facts.handedOverAt === NEVER ? facts.askedAt : facts.handedOverAt;
  const since = facts.unsentMovedAt === NEVER ? handedOverAt : facts.unsentMovedAt;
  return since + limits.timeoutMs + allowanceMs(facts.bytesAhead, limits);
}

/** The time a slow but healthy reader needs for what lies before the question. */
function allowanceMs(bytesAhead: number, limits: QuestionLimits): number {
  return Math.min(limits.maxExtraMs, (bytesAhead / limits.minDrainBytesPerSecond) * 1000);
}

function wait(until: AwakeTime): Verdict {
  return { kind: 'wait', until };
}
