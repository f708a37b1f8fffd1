// What a soak is run with: `--minutes 10 --connections 5000 [--seed N]`, and the times that follow from it.
import { parseArgs } from 'node:util';

/** A process may have 20,000 file descriptors here, and some are not connections. */
const MOST_CONNECTIONS = 15_000;
const SHORT_MINUTES = 3;
/** Every soak has an early round, one with a mass cut, and a late one. */
const FEWEST_ROUNDS = 3;

/** @throws {Error} with a sentence, for arguments that make no sense */
export function settingsFrom(argv) {
  const text = { type: 'string' };
  const { values } = parseArgs({ args: argv, options: { minutes: text, connections: text, seed: text } });
  const minutes = numberOf('minutes', values.minutes ?? '10', { from: 0.5, to: 60 * 24 * 7 });
  const connections = numberOf('connections', values.connections ?? '5000', {
    from: 100,
    to: MOST_CONNECTIONS,
  });
  const seed = numberOf('seed', values.seed ?? String(Date.now() % 1_000_000), { from: 0, to: 2 ** 32 - 1 });
  return { minutes, connections: Math.round(connections), seed, ...timesFor(minutes) };
}

function numberOf(name, text, { from, to }) {
  const number = Number(text);
  if (Number.isFinite(number) && number >= from && number <= to) return number;
  throw new Error(`--${name} must be a number from ${from} to ${to}; got "${text}"`);
}

/** A short soak beats faster, so that as many intervals fit into it. Timeouts are whole numbers of ticks. */
function timesFor(minutes) {
  const isShort = minutes <= SHORT_MINUTES;
  const intervalMs = isShort ? 1500 : 5000;
  const timeoutMs = isShort ? 900 : 3000;
  const totalMs = minutes * 60_000;
  const settleMs = 2 * intervalMs + 2 * timeoutMs;
  const roundMs = Math.min(totalMs / (isShort ? 4 : 6), 10 * 60_000);
  return {
    intervalMs,
    timeoutMs,
    tickMs: Math.min(250, intervalMs / 10),
    closeTimeoutMs: timeoutMs,
    totalMs,
    /** Churn, deaths and stalls for so long, and then the time it takes until the last ghost must be found. */
    roundMs: Math.max(roundMs - settleMs, intervalMs),
    rounds: Math.max(FEWEST_ROUNDS, Math.floor(totalMs / roundMs)),
  };
}

/** What the server's module is given; everything else keeps its default, the mass-timeout breaker too. */
export function moduleOptions({ intervalMs, timeoutMs, closeTimeoutMs }) {
  return {
    heartbeat: { intervalMs, timeoutMs },
    sweep: { closeTimeoutMs },
    logging: { level: 'off' },
    drain: { spreadMs: 500 },
  };
}
