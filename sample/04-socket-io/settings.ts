/** What can be changed from outside. */
export const settings = {
  port: Number(process.env['PORT'] ?? 3000),
  /** Milliseconds between two heartbeats to one client. */
  intervalMs: Number(process.env['SOCKET_IO_INTERVAL_MS'] ?? 5_000),
  /** Ends by itself after so many seconds; without it, at Ctrl-C. */
  seconds: Number(process.env['SOCKET_IO_SECONDS'] ?? Infinity),
};
