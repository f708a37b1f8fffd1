import type { ConnectionHealthRuntime } from './connection-health.runtime.js';
import type { Connection } from './connection/connection.js';
import type { ConnectionSettings } from './connection/connection.settings.js';
import type { ObservedSocket, SocketObserver } from './transport/transport.driver.js';

/** What taps report to: of what the app sends only where somebody wants to know. */
export function observersFor(
  parts: ConnectionHealthRuntime,
): (settings: ConnectionSettings) => SocketObserver<ObservedSocket> {
  const deaf = observerOf(parts);
  const all: SocketObserver<Connection> = {
    ...deaf,
    sent: (connection, data, options) => {
      parts.leaks?.cuts.sent(connection);
      parts.filter.sent(connection, data, options);
    },
  };
  return ({ heartbeat }) => {
    const hasHandshake = heartbeat !== false && heartbeat.codec.opening !== undefined;
    const observer = hasHandshake || parts.leaks !== undefined ? all : deaf;
    return observer as SocketObserver<ObservedSocket>;
  };
}

function observerOf(parts: ConnectionHealthRuntime): SocketObserver<Connection> {
  return {
    message: (connection, data, isBinary) =>
      parts.filter.message(connection, data, isBinary) ||
      (parts.audit?.message(connection, data, isBinary) ?? false),
    control: (connection, kind, payload) => {
      parts.filter.control(connection, payload);
      parts.audit?.control(connection, kind, payload);
    },
    messageFinished: (connection) => {
      parts.filter.messageFinished(connection);
      parts.engine.messageFinished(connection, parts.awake.now());
    },
    closing: (connection, sentCode) => parts.tracker.closing(connection, sentCode),
    closed: (connection, code, reason) => parts.tracker.closed(connection, code, reason),
    paused: (connection, isPaused) => parts.tracker.paused(connection, isPaused),
    session: {
      heard: (connection) => parts.filter.heard(connection),
      asked: (connection) => parts.engine.askedByTransport(connection, parts.awake.now()),
      answered: (connection) => parts.filter.answeredInTurn(connection),
      described: (connection, facts) => parts.tracker.described(connection, facts),
      introduced: (connection, client, request) => parts.tracker.introduced(connection, client, request),
      givenUp: (connection, why) => {
        // Its timer may be the first to run after a stall of ours: the judge must know of that one.
        if (parts.pulse.isRunning) parts.pulse.observe();
        parts.judge.givenUp(connection, why);
      },
    },
  };
}
