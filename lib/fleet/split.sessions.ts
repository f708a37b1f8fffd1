import { MAX_STALE_SESSIONS } from './census.pass.js';
import type { SplitSession } from './fleet.answers.js';
import type { StaleSession } from './node.summary.js';

/** Stale sessions looked into at once. */
const MAX_ASKED = 20;

/** A node, and who has a stale connection there. */
export interface SessionNode {
  readonly id: string;
  readonly staleSessions: readonly StaleSession[];
}

/**
 * Finds who is online on one node while another keeps a stale connection of theirs.
 *
 * @param holds whether an identity has a connection on a node
 * @returns `isPartial` where a node could not be asked, or there are more stale sessions than can be looked into
 */
export async function findSplitSessions<Node extends SessionNode>(
  nodes: readonly Node[],
  holds: (node: Node, identity: string) => Promise<boolean>,
): Promise<{ readonly sessions: SplitSession[]; readonly isPartial: boolean }> {
  const isMore = nodes.some(({ staleSessions }) => staleSessions.length >= MAX_STALE_SESSIONS);
  const suspects = nodes.flatMap(({ id, staleSessions }) =>
    staleSessions.map((session) => ({ id, ...session })),
  );
  // Alone, nobody can be online elsewhere.
  let isPartial = nodes.length > 1 && (isMore || suspects.length > MAX_ASKED);
  const asked = suspects
    .slice(0, MAX_ASKED)
    .map(async ({ id, identity, idleMs }): Promise<SplitSession[]> => {
      // What is stale is for each node to say: their heartbeats may differ.
      const others = nodes.filter(
        (node) => node.id !== id && !node.staleSessions.some((session) => session.identity === identity),
      );
      const answers = await Promise.allSettled(others.map((node) => holds(node, identity)));
      if (answers.some(({ status }) => status === 'rejected')) isPartial = true;
      const onlineOn = others.filter((_, at) => {
        const answer = answers[at];
        return answer?.status === 'fulfilled' && answer.value;
      });
      if (onlineOn.length === 0) return [];
      return [{ identity, stale_on: id, idle_ms: idleMs, online_on: onlineOn.map((node) => node.id) }];
    });
  const sessions = (await Promise.all(asked)).flat();
  return { sessions, isPartial };
}
