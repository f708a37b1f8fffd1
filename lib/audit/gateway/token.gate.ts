import { createHash, timingSafeEqual } from 'node:crypto';

import { AUDIT_BOUNDS } from './audit.settings.js';
import { MinuteLimit } from './minute.limit.js';

/** Lets in who knows the token, and does not let anybody try many. */
export class TokenGate {
  private readonly digest: Buffer;
  private readonly wrong = new MinuteLimit(AUDIT_BOUNDS.wrongTokensPerMinute);
  private readonly right = new MinuteLimit(AUDIT_BOUNDS.sessionsPerMinute);

  constructor(token: string) {
    this.digest = digestOf(token);
  }

  /**
   * @param token what was given; `undefined` where nothing was
   * @param now monotonic milliseconds
   * @returns why it is refused, or `undefined`
   */
  check(token: string | undefined, now: number): 'token' | 'rate_limited' | undefined {
    // Without a look at the token: a right one among many wrong ones must not stand out.
    if (this.wrong.isReached(now)) return 'rate_limited';
    // Digests have one length, so that not even the length of the token shows in the time this takes.
    if (token === undefined || !timingSafeEqual(digestOf(token), this.digest)) {
      this.wrong.note(now);
      return 'token';
    }
    if (this.right.isReached(now)) return 'rate_limited';
    this.right.note(now);
    return undefined;
  }
}

function digestOf(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
