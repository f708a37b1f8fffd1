import type { Path } from '../probe/path.js';
import type { DeathFact, DeathFacts } from './path.facts.js';

/** Whether the gateway hears of a client that dies without a close frame, and how fast. */
export async function deathFacts(path: Path): Promise<DeathFacts> {
  const [fin, rst] = await Promise.all([die(path, 'fin'), die(path, 'rst')]);
  return { fin: fin!, rst };
}

async function die(path: Path, how: 'fin' | 'rst'): Promise<DeathFact | null> {
  const probe = await path.open();
  const diedAt = performance.now();
  if (how === 'fin') probe.kill();
  else if (!probe.reset()) {
    probe.kill();
    return null;
  }
  const { fate, at } = await path.endOf(probe, path.target.waitMs);
  if (fate.state !== 'closed') return { reaches: false, afterMs: null, code: null };
  // Of two clocks only ages are compared; the way of the answer makes it look a little later.
  const afterMs = Math.max(0, Math.round(at - fate.agoMs - diedAt));
  return { reaches: true, afterMs, code: fate.code };
}
