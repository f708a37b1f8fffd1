import type { AuditFate } from '../../protocol/audit.messages.js';
import { AuditImpossibleError, type AuditTarget } from './audit.target.js';
import { Probe } from './probe.js';

/** Below the idle limit of any proxy in its senses. */
const KEEP_ALIVE_MS = 1_000;
/** Behind a balancer the process that holds a connection has to be met again by chance. */
const MAX_TRIES = 12;
const POLL_MS = 25;

/** One way to the gateway: opens probes on it, and asks on others what has become of them. */
export class Path {
  /** Connections that only ask about others, one for each process. */
  private readonly controls = new Map<string, Promise<Probe | undefined>>();
  private readonly probes = new Set<Probe>();
  private readonly seenNodes = new Set<string>();
  /** Probes that were given a connection that an earlier one had used. */
  handedOn = 0;
  private readonly keepAlive: NodeJS.Timeout;

  constructor(readonly target: AuditTarget) {
    this.keepAlive = setInterval(() => void this.beat(), KEEP_ALIVE_MS);
  }

  /** How many processes have answered. */
  get nodes(): number {
    return this.seenNodes.size;
  }

  /** @throws AuditImpossibleError */
  async open(): Promise<Probe> {
    const probe = await Probe.open(this.target);
    this.probes.add(probe);
    this.seenNodes.add(probe.begun.node);
    if (probe.begun.reusedFrom !== null) this.handedOn++;
    void probe.ended.then(() => this.probes.delete(probe));
    return probe;
  }

  /** What the gateway says has become of a probe; `unknown` where it could not be asked. `at` is when it answered. */
  async fateOf({ begun }: Probe): Promise<{ readonly fate: AuditFate; readonly at: number }> {
    const control = await this.controlOf(begun.node);
    const answer = await control?.ask({ ask: 'fate', session: begun.session });
    const fate = answer !== undefined && 'fate' in answer ? answer.fate : ({ state: 'unknown' } as const);
    return { fate, at: performance.now() };
  }

  /** Waits for a probe to end at the gateway. @returns its fate when it had, or when the time was over */
  async endOf(probe: Probe, withinMs: number): Promise<{ readonly fate: AuditFate; readonly at: number }> {
    const deadline = performance.now() + withinMs;
    let known = await this.fateOf(probe);
    while (!isOver(known.fate) && performance.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
      known = await this.fateOf(probe);
    }
    return known;
  }

  /** Ends everything, ghosts at the gateway included. */
  async end(): Promise<void> {
    clearInterval(this.keepAlive);
    for (const node of this.seenNodes) {
      const control = await this.controlOf(node);
      await control?.ask({ ask: 'end' });
      // The gateway is to close it: what the client leaves might be kept for others by a proxy that pools.
      control?.tell({ ask: 'close', code: 1000, reason: 'audit over' });
      if (control !== undefined) await endedWithin(control, this.target.waitMs);
    }
    for (const probe of this.probes) probe.kill();
  }

  private async controlOf(node: string): Promise<Probe | undefined> {
    const known = await this.controls.get(node);
    if (known !== undefined && known.end === undefined) return known;
    const control = this.meet(node);
    this.controls.set(node, control);
    return control;
  }

  private async meet(node: string): Promise<Probe | undefined> {
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      try {
        const probe = await this.open();
        if (probe.begun.node === node) return probe;
        probe.tell({ ask: 'close', code: 1000, reason: 'another node' });
      } catch (error) {
        if (!(error instanceof AuditImpossibleError)) throw error;
        return undefined;
      }
    }
    return undefined;
  }

  /** Keeps the connections that only ask from being cut, and replaces those that were. */
  private async beat(): Promise<void> {
    for (const [node, control] of this.controls) {
      const probe = await control;
      if (probe === undefined || probe.end !== undefined) this.controls.delete(node);
      else void probe.ask({ ask: 'echo' });
    }
  }
}

/** Whether nothing more is to come. */
function isOver({ state }: AuditFate): boolean {
  return state === 'closed' || state === 'handed_on';
}

/** Waits for a probe to end on this side, but not for ever. */
export async function endedWithin(probe: Probe, waitMs: number): Promise<Probe['end']> {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise((resolve) => (timer = setTimeout(resolve, waitMs)));
  await Promise.race([probe.ended, over]);
  clearTimeout(timer);
  return probe.end;
}
