import type { PathFacts } from '../checks/path.facts.js';

/**
 * How often the settings in force make something pass in both directions on the whole way, in milliseconds; `Infinity`
 * where nothing does. A protocol ping that somebody in between answers does not get through.
 */
export function beatMsOf({ settings, controlFrames }: PathFacts): number {
  const { heartbeat, protocolPing } = settings;
  const passes = controlFrames.gatewayPing.answeredBy === 'client';
  const pingMs = protocolPing === null || !passes ? Infinity : (protocolPing.intervalMs ?? Infinity);
  return Math.min(heartbeat?.intervalMs ?? Infinity, pingMs);
}

/** Who decides, by the settings in force, that a client is gone. */
export type Judgement =
  /** Heartbeats, which only the client's program answers. */
  | 'heartbeats'
  /** Heartbeats for clients that have answered one, protocol pings for the others. */
  | 'negotiated'
  /** Protocol pings, which anybody may answer. */
  | 'protocol_pings'
  /** Nobody. */
  | 'nobody';

export function judgementOf({ heartbeat, protocolPing, sweep }: PathFacts['settings']): Judgement {
  if (heartbeat !== null && heartbeat.enforce === 'always') return 'heartbeats';
  if (heartbeat !== null && heartbeat.enforce === 'negotiated') return 'negotiated';
  const isSwept = heartbeat === null && protocolPing !== null && sweep?.mode === 'enforce';
  return isSwept ? 'protocol_pings' : 'nobody';
}
