import {
  CLOSE_REASONS,
  isSendableCode,
  SENDABLE_CODES,
  type SentCloseReason,
} from '../protocol/close-reasons.js';
import { OptionReader } from './option.reader.js';

const SENT_REASONS: readonly SentCloseReason[] = [
  'stale_sweep',
  'timeout',
  'backpressure',
  'evicted',
  'shutdown',
  'abuse',
];

/**
 * Resolves and validates `closeCodes`. Pure.
 *
 * @throws ConnectionHealthOptionsError for a code that no close frame may carry
 */
export function resolveCloseCodes(options: unknown): Record<SentCloseReason, number> {
  const reader = new OptionReader('closeCodes', options, SENT_REASONS);
  const codeOf = (reason: SentCloseReason): number => {
    const given = reader.given(reason);
    const code = given === undefined ? CLOSE_REASONS[reason].code : given;
    return isSendableCode(code) ? code : reader.reject(reason, SENDABLE_CODES, code);
  };
  return Object.fromEntries(SENT_REASONS.map((reason) => [reason, codeOf(reason)])) as Record<
    SentCloseReason,
    number
  >;
}
