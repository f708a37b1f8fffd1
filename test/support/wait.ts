/** Resolves after `ms` milliseconds. */
export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/**
 * Resolves as soon as `holds` says so. It is no measure of how soon: it has patience with a machine that others keep busy.
 *
 * @throws after `withinMs`, naming what was waited for
 */
export async function until(
  what: string,
  holds: () => boolean | Promise<boolean>,
  withinMs = 15_000,
): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`waited ${withinMs} ms in vain for: ${what}`);
    await sleep(5);
  }
}

/**
 * Resolves when all connections of a service have been silent for longer than `ms` by its own clock, which stands still in
 * stalls. A sweep gives some milliseconds more to whoever has something to read.
 */
export function untilSilent(
  service: { connections(): readonly { readonly idleMs: number }[] },
  ms: number,
): Promise<void> {
  return until('they have been silent', () => service.connections().every(({ idleMs }) => idleMs > ms));
}
