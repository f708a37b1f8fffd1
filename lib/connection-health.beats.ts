import type { ConnectionHealthRuntime } from './connection-health.runtime.js';
import type { Failed } from './connection-health.wiring.js';
import { HeartbeatEngine } from './heartbeat/heartbeat.engine.js';
import { ProtocolPinger } from './heartbeat/protocol.pinger.js';
import { noteUnaskedUpload } from './liveness/upload.progress.js';
import { observeBytes } from './signals/byte.observer.js';

export function engineFor(parts: ConnectionHealthRuntime, failed: Failed): HeartbeatEngine {
  return new HeartbeatEngine({
    clock: parts.options.clock,
    awake: parts.awake,
    writer: parts.writer,
    questions: parts.questions,
    afterPoll: (run) => parts.pulse.afterPoll(run),
    stalls: () => parts.stalls.stalls,
    lookDue: (connection, question, now) => parts.judge.look(connection, question, now),
    turned: (connection, now) => {
      observeBytes(connection, now);
      parts.backpressure.turned(connection, now);
    },
    foundClosing: (connection) => parts.tracker.closing(connection),
    asked: (connection, question) => parts.judge.asked(connection, question),
    heard: (now) => parts.judge.heard(now),
    pinged: noteUnaskedUpload,
    failed,
  });
}

export function pingerFor(parts: ConnectionHealthRuntime): ProtocolPinger {
  return new ProtocolPinger({
    clock: parts.options.clock,
    awake: parts.awake,
    afterPoll: (run) => parts.pulse.afterPoll(run),
    ping: (connection) => void parts.writer.ping(connection),
  });
}
