import type { FleetDirectory } from './fleet.store.js';

/**
 * A directory as a store of the app's own has answered it (R11).
 *
 * @throws Error that names what is wrong
 */
export function checkedDirectory(answer: unknown): FleetDirectory {
  const { now, entries, losses } = Object(answer) as Record<string, unknown>;
  if (!Number.isFinite(now)) throw wrong('now', 'a number', now);
  if (!(Array.isArray(entries) && entries.every(isEntry)))
    throw wrong('entries', 'a list of { life, expiresAt, summary }', entries);
  if (!(Array.isArray(losses) && losses.every(isLoss)))
    throw wrong('losses', 'a list of { life, note }', losses);
  return answer as FleetDirectory;
}

function isEntry(each: unknown): boolean {
  const { life, expiresAt, summary } = Object(each) as Record<string, unknown>;
  return typeof life === 'string' && Number.isFinite(expiresAt) && typeof summary === 'string';
}

function isLoss(each: unknown): boolean {
  const { life, note } = Object(each) as Record<string, unknown>;
  return typeof life === 'string' && typeof note === 'string';
}

function wrong(name: string, expected: string, got: unknown): Error {
  return new Error(`the directory's ${name}: expected ${expected}, got ${typeof got}`);
}
