/** What can be changed from outside. */
export const settings = {
  port: Number(process.env['PORT'] ?? 3000),
  /** Milliseconds between two heartbeats to one page. */
  intervalMs: Number(process.env['BROWSER_CLIENT_INTERVAL_MS'] ?? 5_000),
  /** How long the server is frozen, or the network cut, by a button of the page. */
  troubleMs: Number(process.env['BROWSER_CLIENT_TROUBLE_MS'] ?? 20_000),
};
