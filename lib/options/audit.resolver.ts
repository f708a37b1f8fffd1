import type { AuditSettings } from '../audit/gateway/audit.settings.js';
import { OptionReader } from './option.reader.js';

/** Safe in a shell, an environment and a frame of 1 KiB; too long to be found by trying. */
const TOKEN = /^[\x21-\x7e]{16,256}$/;

/**
 * Resolves and validates `audit`. Pure.
 *
 * @throws ConnectionHealthOptionsError for a token that cannot be used, which is not shown
 */
export function resolveAudit(options: unknown = false): AuditSettings | false {
  if (options === false) return false;
  const reader = new OptionReader('audit', options, ['token']);
  const token = reader.given('token');
  if (typeof token === 'string' && TOKEN.test(token)) return { token };
  return reader.reject('token', 'a text of 16 to 256 printable characters without spaces', disguised(token));
}

function disguised(token: unknown): unknown {
  if (typeof token === 'string') return `(a text of ${token.length} characters)`;
  return typeof token === 'number' ? '(a number)' : token;
}
