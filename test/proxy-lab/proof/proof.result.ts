import type { GhostKind } from '../../../lib/connection/connection.js';
import { doorOf, fateOf, HEADS, type Fate } from './crowd/crowd.js';
import type { Row } from './rows.js';
import type { Watch } from './servers/proof.servers.js';

/** What one app did with the crowd of one row. */
export interface Outcome {
  /** Connections it still holds though their clients are gone. */
  readonly ghosts: readonly string[];
  /** Clients that live, and whose connection is gone. */
  readonly lost: readonly string[];
  /** Milliseconds from its fate to the end of the last dead client's connection; absent where there are ghosts. */
  readonly lastGoneMs: number | undefined;
}

/** What our app said of one ghost. */
export interface FoundGhost {
  readonly who: string;
  readonly kind: GhostKind | undefined;
  /** Milliseconds from its fate to the verdict. */
  readonly foundMs: number;
  /** Whether the verdict was held for one more question (R7). */
  readonly wasHeld: boolean;
}

/** The proof of one row. */
export interface RowResult {
  readonly row: Row;
  readonly outcomes: Readonly<Record<Watch, Outcome>>;
  readonly found: readonly FoundGhost[];
}

/** What is needed to judge one app. */
export interface Observation {
  readonly held: readonly string[];
  readonly goneAt: ReadonlyMap<string, number>;
  readonly fates: readonly Fate[];
  readonly metAt: ReadonlyMap<Fate, number>;
}

/** The clients of a row that met these fates. */
export function clientsOf(row: Row, fates: readonly Fate[]): string[] {
  return fates.flatMap((fate) =>
    Array.from({ length: HEADS[fate] }, (_, number) => `${row.name}.${fate}.${number}`),
  );
}

/** Whom only a heartbeat can find on this way. */
export function undetectedFates({ hidesLeaving }: Row, fates: readonly Fate[]): Fate[] {
  return fates.filter(
    (fate) => fate === 'stopped' || fate === 'vanishes' || (hidesLeaving && fate !== 'answers'),
  );
}

export function outcomeOf(row: Row, { held, goneAt, fates, metAt }: Observation): Outcome {
  const heldHere = new Set(held.filter((who) => doorOf(who) === row.name));
  const ghosts = [...heldHere].filter((who) => fateOf(who) !== 'answers').sort();
  const dead = clientsOf(
    row,
    fates.filter((fate) => fate !== 'answers'),
  );
  const delays = dead.map((who) => (goneAt.get(who) ?? Infinity) - metAt.get(fateOf(who))!);
  return {
    ghosts,
    lost: clientsOf(row, ['answers']).filter((who) => !heldHere.has(who)),
    lastGoneMs: ghosts.length === 0 ? Math.max(...delays) : undefined,
  };
}
