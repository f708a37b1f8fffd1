/** Milliseconds for people. */
export function seconds(ms: number): string {
  if (ms >= 10_000) return `${Math.round(ms / 1_000)} s`;
  return ms >= 1_000 ? `${Math.round(ms / 100) / 10} s` : `${Math.round(ms)} ms`;
}

/** Bytes for people, exact where they are not round. */
export function bytes(count: number): string {
  for (const [unit, size] of UNITS) if (count >= size && count % size === 0) return `${count / size} ${unit}`;
  return `${count} bytes`;
}

const UNITS = [
  ['MiB', 1024 * 1024],
  ['KiB', 1024],
] as const;
