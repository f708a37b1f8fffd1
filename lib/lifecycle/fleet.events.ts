import type { EventBase } from './lifecycle.events.js';

/** Another node of the fleet has ceased to beat, and this node has cleared away what it left. One node tells of it. */
export interface FleetNodeLostEvent extends EventBase<'fleet_node_lost'> {
  /** What the ids of its connections begin with. */
  readonly node: string;
  /** Host and process. */
  readonly name: string;
  /** How many went with it. */
  readonly connections: number;
  readonly identities: number;
}

/** This node has begun to write itself into the fleet's store anew. */
export interface FleetRejoinedEvent extends EventBase<'fleet_rejoined'> {
  readonly node: string;
  /** Others took it for lost, or the store has lost its memory. */
  readonly cause: 'reaped' | 'forgotten';
}
