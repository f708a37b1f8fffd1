import { ConnectionHealthArgumentError } from '../connection-health.errors.js';
import type { ConnectionTarget } from '../connection/connection.commands.js';
import { identityOf } from '../connection/identity.js';

/**
 * An identity that is asked for, as connections have it.
 *
 * @throws ConnectionHealthArgumentError for what is none
 */
export function wantedIdentity(where: string, identity: unknown): string {
  const wanted =
    typeof identity === 'string' || typeof identity === 'number' ? identityOf(identity) : undefined;
  if (wanted !== undefined) return wanted;
  throw new ConnectionHealthArgumentError(`${where}: identity`, 'a text or a number', identity);
}

/** The node that an id belongs to; `undefined` where an identity is meant, which any node may have. */
export function ownerOf(target: ConnectionTarget): string | undefined {
  const { id, identity } = target as { readonly id?: string; readonly identity?: string | number };
  if (identity !== undefined || id === undefined) return undefined;
  return id.slice(0, Math.max(0, id.lastIndexOf('-')));
}
