import { randomBytes } from 'node:crypto';

/** Tells the connections of one process from those of another, and from those of its next life: in containers all have the same pid. */
export function idPrefix(epoch: number): string {
  const chance = randomBytes(4).readUInt32BE().toString(36);
  return `${epoch.toString(36)}${process.pid.toString(36)}${chance}`;
}
