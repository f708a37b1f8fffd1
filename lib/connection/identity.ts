import { createHash } from 'node:crypto';

import { boundedText } from './bounded.text.js';

const MAX_LENGTH = 256;

/**
 * An identity as it is kept and looked up: bounded and escaped (R10), so that it can be found by what was given.
 *
 * @returns `undefined` for nobody
 * @throws TypeError for what is neither text nor number
 */
export function identityOf(value: unknown): string | undefined {
  if (value === undefined || value === null || value === '') return undefined;
  if (typeof value === 'string' || typeof value === 'number') return fitToBeKept(String(value));
  throw new TypeError(`identity: expected a text or a number, got ${typeof value}`);
}

/** What had to be changed is told apart by a hash: two users must not become one because their names look alike then. */
function fitToBeKept(identity: string): string {
  const text = boundedText(identity, MAX_LENGTH);
  if (text === identity) return text;
  return text + createHash('sha256').update(identity).digest('hex').slice(0, 16);
}
