import { stat } from 'node:fs';

/** Where in a turn of the event loop the block happens. */
export type StallPhase = 'io' | 'check' | 'timers';

/**
 * Blocks this process's event loop once, in the phase of its turn that matters: Node runs due timers before it polls
 * sockets, so a stall in an I/O or check-phase callback makes naive sweeps judge before they hear, and one inside a
 * timer callback proves nothing.
 *
 * @param ms how long, in milliseconds
 * @returns resolves when the block is over
 */
export function stallLoop({ ms, phase }: { ms: number; phase: StallPhase }): Promise<void> {
  return new Promise((resolve) => {
    const stall = (): void => {
      block(ms);
      resolve();
    };
    if (phase === 'check') setImmediate(stall);
    else if (phase === 'timers') setTimeout(stall, 0);
    else stat('/', stall);
  });
}

/** Blocks the thread without using the processor. */
function block(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
