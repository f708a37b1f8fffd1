import type { AuditTarget } from '../probe/audit.target.js';
import { Path } from '../probe/path.js';
import type { Probe } from '../probe/probe.js';
import { closingFacts } from './closing.check.js';
import { controlFrameFacts, roundTripFacts } from './control-frames.check.js';
import { deathFacts } from './death.check.js';
import { frameFacts } from './frame-size.check.js';
import { compressionFacts, handshakeFacts } from './handshake.check.js';
import { idleFacts } from './idle.check.js';
import type { PathFacts } from './path.facts.js';

/** How far an audit goes. */
export interface AuditExtent {
  /** How long idle connections are watched, in milliseconds. */
  readonly idleMs: number;
  readonly maxFrameBytes: number;
}

type Progress = (step: string) => void;
type FirstFacts = Pick<
  PathFacts,
  'url' | 'settings' | 'handshake' | 'compression' | 'controlFrames' | 'roundTrip'
>;

/** Finds out everything about one way to a gateway: first on a quiet machine what takes times, then the rest. */
export class PathAudit {
  private constructor(
    private readonly path: Path,
    private readonly first: FirstFacts,
    private readonly gatewayMaxPayload: number | null,
  ) {}

  /**
   * @param progress told of the step at hand
   * @throws AuditImpossibleError where no audit takes place
   */
  static async begin(target: AuditTarget, progress: Progress): Promise<PathAudit> {
    const path = new Path(target);
    try {
      progress('handshake and protocol pings');
      const probe = await path.open();
      const first = await firstFacts(target, probe);
      probe.kill();
      return new PathAudit(path, first, probe.begun.maxPayload);
    } catch (error) {
      await path.end();
      throw error;
    }
  }

  /** @throws AuditImpossibleError where the gateway is lost on the way */
  async finish({ idleMs, maxFrameBytes }: AuditExtent, progress: Progress): Promise<PathFacts> {
    const { path } = this;
    progress('closes and deaths');
    const [closing, death] = await Promise.all([closingFacts(path), deathFacts(path)]);
    progress('large messages');
    const frames = await frameFacts(path, maxFrameBytes, this.gatewayMaxPayload);
    const seconds = Math.round(idleMs / 1_000);
    const idle = await idleFacts(path, idleMs, (ms) =>
      progress(`idle connections: ${Math.round(ms / 1_000)} s, at most ${seconds} s unless one is cut`),
    );
    const { nodes, handedOn } = path;
    return { ...this.first, closing, death, frames, idle, nodes, handedOn };
  }

  /** Leaves nothing open, here and at the gateway. */
  end(): Promise<void> {
    return this.path.end();
  }
}

async function firstFacts({ url, waitMs }: AuditTarget, probe: Probe): Promise<FirstFacts> {
  const controlFrames = await controlFrameFacts(probe, waitMs);
  return {
    url,
    settings: probe.begun.settings,
    handshake: handshakeFacts(probe),
    compression: compressionFacts(probe),
    controlFrames,
    roundTrip: await roundTripFacts(probe, controlFrames, waitMs),
  };
}
