import type { IncomingMessage, ServerResponse } from 'node:http';

import { addMiddleware, type EngineServer, type IoNamespace, type IoServer } from './engine-io.internals.js';

/** Whether an object is a Socket.IO server that has an engine, which it gets when it is attached to an HTTP server. */
export function isIoServer(value: unknown): value is IoServer {
  if (typeof value !== 'object' || value === null) return false;
  const { of, sockets, engine, on } = value as Partial<Record<keyof IoServer, unknown>>;
  const { clients, opts } = (engine ?? {}) as Partial<EngineServer>;
  const isEngine = typeof clients === 'object' && typeof opts === 'object';
  return typeof of === 'function' && typeof on === 'function' && typeof sockets === 'object' && isEngine;
}

/** Whether an object is a namespace of such a server: what gateways with a `namespace` are given. */
export function isNamespace(value: unknown): value is IoNamespace {
  if (typeof value !== 'object' || value === null) return false;
  const { name, server, sockets, on } = value as Partial<Record<keyof IoNamespace, unknown>>;
  const isLike = typeof name === 'string' && typeof on === 'function' && sockets instanceof Map;
  return isLike && isIoServer(server);
}

/**
 * Answers each new handshake with 503: polls and WebSocket upgrades alike. Requests of sessions that are there pass.
 *
 * @returns takes it back
 */
export function refuseHandshakes(engine: EngineServer, retryAfterS: number): () => void {
  return addMiddleware(engine, (request, response, next) => {
    if (sessionOf(request) !== undefined) next();
    else if (request.headers.upgrade === undefined) refusePoll(response, retryAfterS);
    else refuseUpgrade(request, retryAfterS);
  });
}

/** The session that a request belongs to; `undefined` for a handshake. */
function sessionOf(request: IncomingMessage): string | undefined {
  const query = new URL(request.url ?? '/', 'http://localhost').searchParams;
  return query.get('sid') ?? undefined;
}

function refusePoll(response: ServerResponse, retryAfterS: number): void {
  response.writeHead(503, { 'Retry-After': String(retryAfterS), 'Content-Length': '0' });
  response.end();
}

/** Engine.IO's stand-in for a response writes nothing on an upgrade (build/server.js, WebSocketResponse). */
function refuseUpgrade({ socket }: IncomingMessage, retryAfterS: number): void {
  socket.end(
    'HTTP/1.1 503 Service Unavailable\r\n' +
      `Retry-After: ${retryAfterS}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`,
    () => socket.destroy(),
  );
}
