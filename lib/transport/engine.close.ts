import { carriedBy, endAtOnce, type EngineSocket } from './engine-io.internals.js';
import type { EngineTap } from './engine.tap.js';

const OPEN = 1;

/**
 * Ends a session in Engine.IO's way: what waits goes out first, the app hears of it at once. The close frame carries our
 * code where there is one.
 *
 * @param tap `undefined` where the session is not observed
 * @param isFinal the client is told by Socket.IO, in each namespace, which keeps it from coming back by itself
 */
export function closeSession(
  socket: EngineSocket,
  tap: EngineTap | undefined,
  how: { readonly code: number; readonly text: string; readonly isFinal: boolean },
): void {
  tap?.ending();
  giveCode(socket, tap, how);
  if (how.isFinal) for (const member of tap?.namespaceSockets ?? []) member.disconnect();
  socket.close();
}

/** Destroys what carries a session, at once. @param tap `undefined` where the session is not observed */
export function terminateSession(socket: EngineSocket, tap: EngineTap | undefined): void {
  tap?.terminating();
  const carrier = carriedBy(socket.transport);
  if (carrier !== undefined) carrier.terminate();
  else endAtOnce(socket);
}

/** Engine.IO closes its WebSocket without a code (build/transports/websocket.js, doClose): this one closes with ours. */
function giveCode(
  socket: EngineSocket,
  tap: EngineTap | undefined,
  { code, text }: { readonly code: number; readonly text: string },
): void {
  const carrier = carriedBy(socket.transport);
  if (carrier === undefined) return;
  const close = carrier.close;
  carrier.close = (otherCode?: number, otherText?: string): void => {
    const isOurs = otherCode === undefined;
    if (carrier.readyState === OPEN && tap !== undefined) tap.sentCode = isOurs ? code : otherCode;
    Reflect.apply(close, carrier, isOurs ? [code, text] : [otherCode, otherText]);
  };
}
