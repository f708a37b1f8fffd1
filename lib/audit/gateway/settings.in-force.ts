import type { ConnectionSettings } from '../../connection/connection.settings.js';
import type { AuditedSettings } from '../../protocol/audit.messages.js';

/** The settings of a connection as an audit is told them. */
export function auditedSettingsOf(
  { heartbeat, protocolPing, sweep }: ConnectionSettings,
  proxyIdleTimeoutMs: number | undefined,
): AuditedSettings {
  return {
    heartbeat: heartbeat === false ? null : heartbeatOf(heartbeat),
    protocolPing: protocolPing === false ? null : { intervalMs: protocolPing.intervalMs ?? null },
    sweep:
      sweep === false
        ? null
        : { intervalMs: sweep.intervalMs, staleAfterMs: sweep.staleAfterMs, mode: sweep.mode },
    proxyIdleTimeoutMs: proxyIdleTimeoutMs ?? null,
  };
}

function heartbeatOf({
  intervalMs,
  timeoutMs,
  maxMissed,
  enforce,
  codec,
}: Exclude<ConnectionSettings['heartbeat'], false>): AuditedSettings['heartbeat'] {
  return { intervalMs, timeoutMs, maxMissed, enforce, codec: codec.name };
}
