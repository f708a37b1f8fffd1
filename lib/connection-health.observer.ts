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
  };
  return observer as SocketObserver<ObservedSocket>;
}
