import type { ConnectionHealthRuntime } from './connection-health.runtime.js';
import type { Troubles } from './signals/trouble.finder.js';

/** What may be wrong at this moment, in numbers. */
export function troublesOf(parts: ConnectionHealthRuntime): Troubles {
  return {
    isAnswerWanted: [...parts.binder.servers()].some(
      ({ settings: { heartbeat } }) => heartbeat !== false && heartbeat.enforce === 'always',
    ),
    connections: parts.registry.size,
    stuck: parts.closer.stuckCount,
    mismatches: parts.reconciler.takeMended(),
    backpressured: parts.backpressure.count,
  };
}
