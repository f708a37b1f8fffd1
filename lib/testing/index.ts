export { stallLoop } from './stalled.loop.js';
export type { StallPhase } from './stalled.loop.js';
export { FaultRelay } from './fault.relay.js';
export type { FaultRelayOptions } from './fault.relay.js';
