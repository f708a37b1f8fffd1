import { ConnectionHealthArgumentError } from './connection-health.errors.js';
import type { ConnectionHealthRuntime } from './connection-health.runtime.js';
import type {
  ConnectionCommands,
  ConnectionTarget,
  DisconnectOptions,
  SweepOrder,
  SweepReport,
} from './connection/connection.commands.js';
import type { Connection } from './connection/connection.js';
import { identityOf } from './connection/identity.js';
import { isSendableCode, SENDABLE_CODES } from './protocol/close-reasons.js';

const MAX_CLOSE_TEXT_BYTES = 123;

/** What may be done to the connections of this process, by the service and by reporters that act. */
export class RuntimeCommands implements ConnectionCommands {
  constructor(private readonly runtime: ConnectionHealthRuntime) {}

  /** @throws ConnectionHealthArgumentError for a code or text that no close frame may carry, and for no target */
  async disconnect(target: ConnectionTarget, { code, reason }: DisconnectOptions = {}): Promise<number> {
    if (code !== undefined && !isSendableCode(code)) {
      throw new ConnectionHealthArgumentError('disconnect(): code', SENDABLE_CODES, code);
    }
    if (
      reason !== undefined &&
      (typeof reason !== 'string' || Buffer.byteLength(reason) > MAX_CLOSE_TEXT_BYTES)
    ) {
      throw new ConnectionHealthArgumentError('disconnect(): reason', 'a text of at most 123 bytes', reason);
    }
    const order = { reason: 'evicted', code, text: reason } as const;
    return this.targets(target).filter((connection) => this.runtime.closer.close(connection, order)).length;
  }

  /** @throws ConnectionHealthArgumentError */
  async sweep(order: SweepOrder = {}): Promise<SweepReport> {
    const { staleAfterMs, dryRun } = order;
    if (staleAfterMs !== undefined && !(Number.isFinite(staleAfterMs) && staleAfterMs > 0)) {
      throw new ConnectionHealthArgumentError(
        'sweep(): staleAfterMs',
        'a number of milliseconds above 0',
        staleAfterMs,
      );
    }
    if (dryRun !== undefined && typeof dryRun !== 'boolean') {
      throw new ConnectionHealthArgumentError('sweep(): dryRun', 'true or false', dryRun);
    }
    return this.runtime.sweeper.sweep(order);
  }

  private targets(target: ConnectionTarget): Connection[] {
    const { registry } = this.runtime;
    const { id, identity } = (target ?? {}) as { id?: unknown; identity?: unknown };
    if (typeof identity === 'string' || typeof identity === 'number')
      return registry.withIdentity(identityOf(identity));
    if (typeof id !== 'string') {
      throw new ConnectionHealthArgumentError('disconnect(): target', '{ id } or { identity }', target);
    }
    const connection = this.runtime.reports.find(id);
    return connection === undefined ? [] : [connection];
  }
}
