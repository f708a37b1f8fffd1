import type { DiagnosticsOptions } from '../connection-health.options.js';
import type { DiagnosticsSettings } from '../diagnostics/diagnostics.settings.js';
import { OptionReader } from './option.reader.js';

const KNOWN = ['path', 'guards', 'details', 'dashboard', 'metrics'];
const DEFAULT_PATH = 'connection-health';
/** Plain for every router; `.` and `..` are resolved by clients before they ask, and would never be reached. */
const SEGMENT = /^(?!\.{1,2}$)[\w.~-]+$/;

/**
 * Resolves and validates `diagnostics`. Pure.
 *
 * @throws ConnectionHealthOptionsError for what cannot be used, and for details without a guard
 */
export function resolveDiagnostics(
  options: DiagnosticsOptions | boolean = false,
): DiagnosticsSettings | false {
  if (options === false) return false;
  const reader = new OptionReader('diagnostics', options === true ? {} : options, KNOWN);
  const settings = {
    path: pathOf(reader),
    guards: guardsOf(reader),
    details: reader.boolean('details', false),
    dashboard: reader.boolean('dashboard', true),
    metrics: reader.boolean('metrics', true),
  };
  if (settings.details && settings.guards.length === 0)
    reader.reject('guards', 'at least one guard where details is true: they show who is connected', []);
  return settings;
}

function pathOf(reader: OptionReader): string {
  const path = reader.given('path');
  if (path === undefined) return DEFAULT_PATH;
  const segments = typeof path === 'string' ? path.replace(/^\//, '').split('/') : [''];
  if (segments.every((segment) => SEGMENT.test(segment))) return segments.join('/');
  return reader.reject('path', 'a path of plain segments', path);
}

function guardsOf(reader: OptionReader): DiagnosticsSettings['guards'] {
  const guards = reader.given('guards');
  if (guards === undefined) return [];
  if (Array.isArray(guards) && guards.every(isGuard)) return guards as DiagnosticsSettings['guards'];
  return reader.reject('guards', 'an array of guard classes or guards', guards);
}

function isGuard(guard: unknown): boolean {
  const { canActivate } = Object(guard) as { canActivate?: unknown };
  return typeof guard === 'function' || typeof canActivate === 'function';
}
