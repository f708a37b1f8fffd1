import type { Connection } from '../../connection/connection.js';
import type { ConnectionFollower } from '../../connection/connection.follower.js';

/**
 * Followers that do not hear how an audit's own connections end: they are cut on purpose, and say nothing about the
 * clients'.
 */
export function exceptAudits(
  followers: readonly ConnectionFollower[],
  audit: { owns(connection: Connection): boolean } | undefined,
): readonly ConnectionFollower[] {
  if (audit === undefined) return followers;
  return followers.map((follower) => ({
    opened: (connection) => follower.opened?.(connection),
    identified: (connection) => follower.identified?.(connection),
    closing: (connection) => void (audit.owns(connection) || follower.closing?.(connection)),
    closed: (connection, end) => void (audit.owns(connection) || follower.closed?.(connection, end)),
    forgotten: (connection) => follower.forgotten?.(connection),
  }));
}
