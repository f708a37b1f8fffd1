import { sleep } from '../../support/wait.js';

/** Asks another process again and again. Resolves with its report as soon as it says so. @throws after `withinMs`, with the last one */
export async function untilReport<Report>(
  ask: () => Promise<Report>,
  what: string,
  holds: (report: Report) => boolean,
  withinMs = 20_000,
): Promise<Report> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const report = await ask();
    if (holds(report)) return report;
    if (performance.now() > deadline)
      throw new Error(`waited ${withinMs} ms in vain for: ${what}; ${JSON.stringify(report)}`);
    await sleep(20);
  }
}
