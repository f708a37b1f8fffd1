// Time
export { FakeClock } from './fake.clock.js';
export type { FakeClockOptions, StallStart } from './fake.clock.js';
export { stallLoop } from './stalled.loop.js';
export type { StallPhase } from './stalled.loop.js';

// Clients, healthy and not
export {
  frozenPeer,
  halfOpenPeer,
  healthyPeer,
  pingAnsweringPeer,
  slowReader,
  tricklingWriter,
} from './faulty.peers.js';
export { FaultyPeer } from './faulty.peer.js';
export type { PeerBehaviour, PeerOptions } from './faulty.peer.js';

// The network between
export { FaultRelay } from './fault.relay.js';
export type { FaultRelayOptions } from './fault.relay.js';
