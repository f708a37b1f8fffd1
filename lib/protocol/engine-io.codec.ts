import type { HeartbeatCodec } from './heartbeat.codec.js';

/** Engine.IO's ping packet (engine.io-protocol, revision 4). */
const PING = '2';

/**
 * The wire of Socket.IO: its engine has a heartbeat of its own, in packets that its driver reads and writes by itself.
 * Nothing that the app may be given is ever recognised.
 */
export const ENGINE_IO_CODEC: HeartbeatCodec = {
  name: 'engine.io',
  recognise: () => undefined,
  encode: () => PING,
};
