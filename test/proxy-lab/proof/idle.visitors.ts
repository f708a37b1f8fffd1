import type { Finding } from 'nestjs-connection-health';

import type { TestApp } from '../../support/app.js';
import { TestClient } from '../../support/client.js';
import { sleep } from '../../support/wait.js';

/** So many make a finding: ten cuts at one age, from five spans of ten seconds. */
export const VISITORS = 15;

/**
 * One after the other comes, and says nothing by itself.
 *
 * @param staysMs how long each stays before it goes without a close frame; for ever, where it is not given
 */
export async function visitors(
  url: string,
  everyMs: number,
  staysMs?: (number: number) => number,
): Promise<void> {
  const stays: Promise<void>[] = [];
  for (let number = 0; number < VISITORS; number++) {
    const { socket } = await TestClient.connect(url);
    if (staysMs !== undefined) stays.push(sleep(staysMs(number)).then(() => socket.terminate()));
    await sleep(everyMs);
  }
  await Promise.all(stays);
}

/** The idle limit that the app has found, if it has. */
export function foundLimit({ service }: TestApp): Finding | undefined {
  return service.snapshot().findings.find(({ signal }) => signal === 'idle_cut');
}
