import type { FleetConnection, SplitSession } from './fleet.answers.js';
import type { StaleSession } from './node.summary.js';

/** Stale sessions looked into at once. */
const MAX_ASKED = 20;

/** Finds who is online on one node while another keeps a stale connection of theirs. */
export async function findSplitSessions<Node extends { readonly id: string }>(
  nodes: readonly Node[],
  find: (node: Node, identity: string) => Promise<FleetConnection[]>,
  stale: readonly { readonly id: string; readonly staleSessions: readonly StaleSession[] }[],
): Promise<{ readonly sessions: SplitSession[]; readonly isPartial: boolean }> {
  let isPartial = false;
  const suspects = stale.flatMap(({ id, staleSessions }) =>
    staleSessions.map((session) => ({ id, ...session })),
  );
  const asked = suspects
    .slice(0, MAX_ASKED)
    .map(async ({ id, identity, idleMs }): Promise<SplitSession[]> => {
      const others = nodes.filter((node) => node.id !== id);
      const answers = await Promise.allSettled(others.map((node) => find(node, identity)));
      if (answers.some(({ status }) => status === 'rejected')) isPartial = true;
      const onlineOn = others.filter((_, at) => {
        const answer = answers[at];
        return answer?.status === 'fulfilled' && answer.value.some((each) => each.idleMs < idleMs);
      });
      if (onlineOn.length === 0) return [];
      return [{ identity, stale_on: id, idle_ms: idleMs, online_on: onlineOn.map((node) => node.id) }];
    });
  const sessions = (await Promise.all(asked)).flat();
  return { sessions, isPartial: isPartial || suspects.length > MAX_ASKED };
}
