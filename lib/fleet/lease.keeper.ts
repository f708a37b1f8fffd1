import type { BoundedStore } from './bounded.store.js';
import type { ConnectionMirror } from './connection.mirror.js';
import type { Mirrored } from './fleet.source.js';
import type { BeatReply, FleetChanges } from './fleet.store.js';

/** Chunks under way at once. */
const PIPELINED = 4;
/** Lives that are tried to be taken out; the store drops them by itself as well. */
const MAX_FORMER = 3;
const STATUSES: readonly unknown[] = ['kept', 'reaped', 'forgotten'] satisfies BeatReply['status'][];
const NOTHING: FleetChanges = { records: new Map(), activity: new Map(), identities: new Map() };

/** Why a node writes everything anew: others took it for lost, the store lost its memory, or nobody knows what was written. */
export type RejoinCause = 'reaped' | 'forgotten' | 'unsure';

/**
 * Keeps one node in the store: its lease, and what is different in its tables since the last beat.
 *
 * A node begins another life whenever it cannot know what the store has of the one before. The tables of a life are its own,
 * so that a write which comes late, from a client that kept it, ends up where nobody reads.
 */
export class LeaseKeeper<Each extends Mirrored> {
  /** The present life. */
  life: string;
  /** Whether the store has everything that this node has had at its last beat. */
  isComplete = false;
  /** The store's time less that of this process, in milliseconds. */
  offsetMs = 0;
  /** Whether the store may know of this node at all. */
  hasBegun = false;

  private lives = 0;
  /** Of this life, that the store has answered. */
  private writes = 0;
  private isKnown = false;
  /** Lives before this one of which something may be left. */
  private readonly former = new Set<string>();
  private replaces: string | undefined;
  private doubt: RejoinCause | undefined;
  /** Whether the node has last said that everything is there. */
  private saidComplete = false;

  constructor(
    private readonly parts: {
      readonly store: BoundedStore;
      readonly mirror: ConnectionMirror<Each>;
      readonly nodeId: string;
      /** Milliseconds since the Unix epoch, by this process's clock. */
      readonly now: () => number;
      /** Told when everything is written anew, and why. */
      readonly rejoined: (cause: RejoinCause) => void;
    },
  ) {
    this.life = this.nextLife();
  }

  /**
   * Beats, and writes what is different.
   *
   * @param summarise what the node says of itself; asked again when that has changed by the writing
   * @throws what the store throws: then everything is written anew with the next beat
   */
  async beat(summarise: () => string): Promise<void> {
    await this.attempt(summarise);
    // What is missing in the store is there again by the end of this beat; whatever happens a second time can wait.
    if (this.doubt !== undefined) await this.attempt(summarise);
  }

  /** Leaves nothing of this node in the store. Tries twice: what is left is taken for a node that died. */
  async leave(): Promise<void> {
    if (!this.hasBegun) return;
    this.former.add(this.life);
    await this.leaveFormer();
    await this.leaveFormer();
  }

  private async attempt(summarise: () => string): Promise<void> {
    if (this.doubt !== undefined) this.rejoin(this.doubt);
    await this.renew(summarise);
    const cleaning = this.leaveFormer();
    try {
      await this.write(summarise);
    } catch (error) {
      this.doubt = 'unsure';
      this.isComplete = false;
      throw error;
    } finally {
      await cleaning;
    }
    if (this.isComplete && !this.saidComplete) await this.renew(summarise);
  }

  private async renew(summarise: () => string): Promise<void> {
    let reply = await this.send(summarise);
    if (reply.status !== 'kept') {
      this.rejoin(reply.status);
      reply = await this.send(summarise);
    }
    // A life that begins is always taken in.
    if (reply.status !== 'kept')
      throw new Error(`the first beat of a life was answered with ${reply.status}`);
    this.isKnown = true;
    const { replaces } = this;
    this.replaces = undefined;
    if (replaces === undefined || reply.wasReaped !== true) return;
    // Its reaper tells of it, and clears it away.
    if (this.former.delete(replaces)) this.parts.rejoined('reaped');
  }

  private async send(summarise: () => string): Promise<BeatReply> {
    const { store, now } = this.parts;
    this.hasBegun = true;
    this.saidComplete = this.isComplete;
    const { life, replaces, isKnown } = this;
    const askedAt = now();
    const reply = await store.call((each) => each.beat({ life, replaces, isKnown, summary: summarise() }));
    if (!STATUSES.includes(reply.status) || !Number.isFinite(reply.now))
      throw new Error(`a beat was answered with ${String(reply.status)} at ${String(reply.now)}`);
    this.offsetMs = Math.round(reply.now - (askedAt + now()) / 2);
    return reply;
  }

  private async write(summarise: () => string): Promise<void> {
    const chunks = this.parts.mirror.take();
    // Where nothing is different, a write of nothing keeps the tables, and tells whether the store remembers the others.
    this.doubt = await this.writeAll(takeSome(chunks, NOTHING));
    for (let round = takeSome(chunks); round.length > 0; round = takeSome(chunks)) {
      if (this.doubt !== undefined) break;
      this.isComplete = false;
      // Much to write on a slow way takes longer than a lease: nobody is to take this node for lost meanwhile.
      const [doubt, { status }] = await Promise.all([this.writeAll(round), this.send(summarise)]);
      this.doubt = doubt ?? (status === 'kept' ? undefined : status);
    }
    this.isComplete = this.doubt === undefined;
  }

  /**
   * Writes at once, in whatever order a client sends it.
   *
   * @returns what speaks against all that was written being there: a server that came back with an older state, or failed
   *   over, or evicted a table, remembers fewer writes than it has answered
   */
  private async writeAll(round: readonly FleetChanges[]): Promise<RejoinCause | undefined> {
    const { life } = this;
    const { store } = this.parts;
    const answers = await Promise.all(
      round.map((changes) => store.call((each) => each.write(life, changes))),
    );
    const counts = answers.filter((count) => count !== undefined);
    if (counts.length < answers.length) return 'reaped';
    this.writes += round.length;
    const remembered = Math.max(...counts);
    if (!(remembered >= this.writes)) return 'forgotten';
    // More than were answered: a client has sent one again that had arrived before.
    this.writes = remembered;
    return undefined;
  }

  private rejoin(cause: RejoinCause): void {
    this.doubt = undefined;
    this.replaces = this.life;
    // What is being reaped is its reaper's, who tells of it.
    if (cause !== 'reaped') this.former.add(this.life);
    this.isKnown = false;
    this.isComplete = false;
    this.writes = 0;
    this.life = this.nextLife();
    this.parts.mirror.markAll();
    this.parts.rejoined(cause);
  }

  /** One that cannot be taken out must keep neither the others in nor this one from its work: the store drops it by itself. */
  private async leaveFormer(): Promise<void> {
    const { store } = this.parts;
    await Promise.allSettled(
      [...this.former].map(async (life) => {
        await store.call((each) => each.leave(life));
        this.former.delete(life);
      }),
    );
    for (const life of [...this.former].slice(0, -MAX_FORMER)) this.former.delete(life);
  }

  private nextLife(): string {
    return `${this.parts.nodeId}.${(++this.lives).toString(36)}`;
  }
}

function takeSome(chunks: Generator<FleetChanges>, otherwise?: FleetChanges): FleetChanges[] {
  const taken: FleetChanges[] = [];
  while (taken.length < PIPELINED) {
    const { value, done } = chunks.next();
    if (done === true) break;
    taken.push(value);
  }
  return taken.length === 0 && otherwise !== undefined ? [otherwise] : taken;
}
