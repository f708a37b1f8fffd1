import type { Path } from '../probe/path.js';
import type { Probe } from '../probe/probe.js';
import type { FrameFact, FrameFacts } from './path.facts.js';

const SMALLEST = 1024;
/** The slowest way on which a large message is waited for. */
const BYTES_PER_MS = 32;
/** How exactly a limit is found that is no power of two: to a sixteenth. */
const REFINEMENTS = 4;

type Attempt = (probe: Probe, bytes: number, waitMs: number) => Promise<boolean>;

/** The largest messages that pass, up to a size. */
export async function frameFacts(
  path: Path,
  maxBytes: number,
  gatewayMaxPayload: number | null,
): Promise<FrameFacts> {
  const upTo = Math.min(maxBytes, gatewayMaxPayload ?? Infinity);
  const [toGateway, toClient] = await Promise.all([
    largest(path, upTo, sendTo),
    largest(path, maxBytes, receiveFrom),
  ]);
  return { toGateway, toClient, gatewayMaxPayload };
}

const sendTo: Attempt = (probe, bytes, waitMs) => {
  probe.sendBytes(bytes);
  return probe.size(bytes, waitMs);
};

const receiveFrom: Attempt = (probe, bytes, waitMs) => {
  probe.tell({ ask: 'frame', bytes });
  return probe.size(bytes, waitMs);
};

/** Tries the size itself first: nearly everywhere it passes, and that is all. */
async function largest(path: Path, maxBytes: number, attempt: Attempt): Promise<FrameFact> {
  const passes = (bytes: number): Promise<boolean> => tryOne(path, bytes, attempt);
  if (await passes(maxBytes)) return { passed: maxBytes, failed: null };
  let [passed, failed] = [0, maxBytes];
  for (let bytes = SMALLEST; bytes < failed; bytes *= 2) {
    if (await passes(bytes)) passed = bytes;
    else failed = bytes;
  }
  // Limits are powers of two, or one less.
  if (failed - passed > 1 && (await passes(failed - 1))) return { passed: failed - 1, failed };
  for (let refined = 0; refined < REFINEMENTS && failed - passed > 1; refined++) {
    const bytes = (passed + failed) >> 1;
    if (await passes(bytes)) passed = bytes;
    else failed = bytes;
  }
  return { passed, failed };
}

/** On a connection of its own: what does not pass may end it. */
async function tryOne(path: Path, bytes: number, attempt: Attempt): Promise<boolean> {
  const probe = await path.open();
  const passed = await attempt(probe, bytes, path.target.waitMs + bytes / BYTES_PER_MS);
  probe.kill();
  return passed;
}
