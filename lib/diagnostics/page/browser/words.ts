/** Numbers, times and names for people. */

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

// Four digits stay together, as in the findings' own sentences.
const COUNTS = new Intl.NumberFormat('en', { useGrouping: 'min2' });
const TIMES = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });
const EXACT_TIMES = new Intl.DateTimeFormat('en-GB', {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
});

/** `1551`, `12,040` */
export function count(value: number): string {
  return COUNTS.format(value);
}

/** `1 connection`, `3 connections` */
export function counted(value: number, noun: string): string {
  return `${count(value)} ${noun}${value === 1 ? '' : 's'}`;
}

/** Never rounds something to nothing, or almost all to all. */
export function percent(part: number, whole: number): string {
  if (whole === 0 || part === 0) return '0 %';
  const share = (100 * part) / whole;
  if (share < 1) return '< 1 %';
  if (share > 99 && part < whole) return '> 99 %';
  return `${Math.round(share)} %`;
}

/** `45 s`, `3 min 20 s`, `2 h 5 min`, `3 d 4 h`: two units at most. */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / SECOND)) * SECOND;
  if (seconds < MINUTE) return `${seconds / SECOND} s`;
  if (seconds < HOUR) return pair(seconds, [MINUTE, 'min'], [SECOND, 's']);
  if (seconds < DAY) return pair(seconds, [HOUR, 'h'], [MINUTE, 'min']);
  return pair(seconds, [DAY, 'd'], [HOUR, 'h']);
}

function pair(ms: number, [big, bigName]: [number, string], [small, smallName]: [number, string]): string {
  const rest = Math.floor((ms % big) / small);
  return `${Math.floor(ms / big)} ${bigName}${rest === 0 ? '' : ` ${rest} ${smallName}`}`;
}

/** `0.4 ms`, `12 ms`, `1.2 s` */
export function latency(ms: number): string {
  if (ms < 10) return `${ms.toFixed(1)} ms`;
  return ms < SECOND ? `${Math.round(ms)} ms` : `${(ms / SECOND).toFixed(1)} s`;
}

/** `14:03` of the viewer's day. */
export function time(at: number): string {
  return TIMES.format(at);
}

/** `14:03:22` */
export function exactTime(at: number): string {
  return EXACT_TIMES.format(at);
}

export const AGE_NAMES = {
  '0-1h': 'under 1 h',
  '1-6h': '1 to 6 h',
  '6-12h': '6 to 12 h',
  '12-24h': '12 to 24 h',
  '24h+': '24 h or more',
} as const;

export const IDLE_NAMES = {
  active_last_60s: 'within 60 s',
  'idle_1-5min': '1 to 5 min ago',
  'idle_5min+': '5 min ago or more',
} as const;

export const GHOST_NAMES = {
  silent: 'silent',
  proxy_answered: 'behind a proxy',
  unknown: 'unknown',
} as const;

/** From the harmless to what should not happen. */
export const REASON_NAMES = {
  clean: 'clean',
  shutdown: 'shutdown',
  evicted: 'evicted',
  error: 'error',
  backpressure: 'backpressure',
  abuse: 'abuse',
  timeout: 'heartbeat timeout',
  stale_sweep: 'stale sweep',
} as const;

/** All of a table of counts. */
export function sumOf(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((one, other) => one + other, 0);
}

/** The keys of a table of names, as its type knows them. */
export function keysOf<Key extends string>(names: Readonly<Record<Key, string>>): Key[] {
  return Object.keys(names) as Key[];
}
