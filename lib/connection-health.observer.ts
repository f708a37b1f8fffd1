import type { ConnectionHealthRuntime } from './connection-health.runtime.js';
import type { Connection } from './connection/connection.js';
import type { ObservedSocket, SocketObserver } from './transport/transport.driver.js';

/** What taps report to. */
export function observerFor(parts: ConnectionHealthRuntime): SocketObserver<ObservedSocket> {
  const observer: SocketObserver<Connection> = {
    message: (connection, data, isBinary) =>
      parts.filter.message(connection, data, isBinary) ||
      (parts.audit?.message(connection, data, isBinary) ?? false),
    control: (connection, kind, payload) => {
      parts.filter.control(connection, payload);
      parts.audit?.control(connection, kind, payload);
    },
    sent: (connection, data, options) => {
      parts.leaks?.cuts.sent(connection);
      parts.filter.sent(connection, data, options);
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
      givenUp: (connection, why) => parts.judge.givenUp(connection, why),
    },
  };
  return observer as SocketObserver<ObservedSocket>;
}
