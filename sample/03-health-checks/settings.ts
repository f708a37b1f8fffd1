/** What can be changed from outside. */
export const settings = {
  port: Number(process.env['PORT'] ?? 3000),
  /** Connections that one process is meant to carry. */
  maxConnections: Number(process.env['MAX_CONNECTIONS'] ?? 10_000),
  /** Milliseconds between "not ready" and the first close: what a load balancer needs to notice. */
  readinessDelayMs: Number(process.env['READINESS_DELAY_MS'] ?? 5_000),
};
