const intervalMs = Number(process.env['CODECS_INTERVAL_MS'] ?? 5_000);

/** What can be changed from outside. */
export const settings = {
  port: Number(process.env['PORT'] ?? 3000),
  /** Milliseconds between two heartbeats, ours and the clients'. */
  intervalMs,
  /** Milliseconds until the clients are stopped. */
  calmMs: 6 * intervalMs,
};
