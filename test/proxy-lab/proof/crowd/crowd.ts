import type { NetworkNamespace } from '../../../process/network.namespace.js';
import { CrowdProcess, type ClientReport, type Place } from './crowd.process.js';

/** What becomes of a client. */
export type Fate = 'answers' | 'leaves' | 'killed' | 'stopped' | 'vanishes';

/** How many clients meet each fate at each door. Most live: a server where most die at once suspects itself (R7). */
export const HEADS: Readonly<Record<Fate, number>> = {
  answers: 10,
  leaves: 2,
  killed: 2,
  stopped: 2,
  vanishes: 2,
};

/** A way to a server. */
export interface Door {
  /** Without dots: the first part of the names of its clients. */
  readonly name: string;
  /** The address for a client of that name. */
  readonly urlFor: (who: string) => string;
}

/** The fate in the name of a client. */
export function fateOf(who: string): Fate {
  return who.split('.')[1] as Fate;
}

/** The door in the name of a client. */
export function doorOf(who: string): string {
  return who.split('.')[0]!;
}

/** The same clients at every door: one process for each fate, whose clients meet it at the same moment everywhere. */
export class Crowd {
  private readonly processes = new Map<Fate, CrowdProcess>();

  /** @param network for the clients that vanish; without one there are none of them */
  constructor(private readonly network: NetworkNamespace | undefined) {}

  get fates(): Fate[] {
    const all = Object.keys(HEADS) as Fate[];
    return this.network === undefined ? all.filter((fate) => fate !== 'vanishes') : all;
  }

  async gather(doors: readonly Door[]): Promise<void> {
    for (const fate of this.fates) {
      const process = CrowdProcess.start(fate === 'vanishes' ? this.network?.within : []);
      this.processes.set(fate, process);
      await process.connect(doors.flatMap((door) => placesAt(door, fate)));
    }
  }

  /** @returns when each fate was met, milliseconds since the Unix epoch */
  async meetFates(): Promise<Map<Fate, number>> {
    const metAt = new Map<Fate, number>();
    const meet = (fate: Fate): void => void metAt.set(fate, Date.now());
    meet('killed');
    this.of('killed').signal('SIGKILL');
    meet('stopped');
    this.of('stopped').signal('SIGSTOP');
    meet('leaves');
    await this.of('leaves').leave();
    this.network?.cutSilently();
    meet('vanishes');
    return metAt;
  }

  /** What those who live have seen. */
  living(): Promise<ClientReport[]> {
    return this.of('answers').report();
  }

  async end(): Promise<void> {
    await Promise.all([...this.processes.values()].map((process) => process.end()));
  }

  private of(fate: Fate): CrowdProcess {
    const process = this.processes.get(fate);
    if (process === undefined) throw new Error(`nobody was gathered for the fate "${fate}"`);
    return process;
  }
}

function placesAt({ name, urlFor }: Door, fate: Fate): Place[] {
  return Array.from({ length: HEADS[fate] }, (_, number) => {
    const who = `${name}.${fate}.${number}`;
    return { who, url: urlFor(who) };
  });
}
