/** What can be changed from outside. */
export const settings = {
  host: process.env['HOST'] ?? '127.0.0.1',
  port: Number(process.env['PORT'] ?? 3000),
  redisUrl: process.env['REDIS_URL'] ?? 'redis://127.0.0.1:6379',
  /** Milliseconds between two beats of a node: who is killed is lost for the others within three of them. */
  beatMs: Number(process.env['BEAT_MS'] ?? 5_000),
};
