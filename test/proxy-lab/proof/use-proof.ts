import { afterAll, beforeAll, expect, it } from '@jest/globals';

import { namespacesForbidden, NetworkNamespace } from '../../process/network.namespace.js';
import { expectAccount } from './account.js';
import { HEADS } from './crowd/crowd.js';
import { expectOthers, expectOurs, type Promised } from './expectations.js';
import { Proof, type ProofPlan } from './proof.js';
import type { RowResult } from './proof.result.js';
import { proofCaption, proofTable } from './proof.table.js';
import { ROWS } from './rows.js';

/** Runs the proof once for the tests that it declares, prints its table, and takes everything down afterwards. */
export function describeProof(
  plan: Pick<ProofPlan, 'options' | 'watchMs'>,
  promised: Promised,
  withinMs: number,
): void {
  const forbidden = namespacesForbidden();
  let network: NetworkNamespace | undefined;
  let proof: Proof;
  let results: ReadonlyMap<string, RowResult> = new Map();

  beforeAll(async () => {
    network = forbidden === undefined ? NetworkNamespace.create() : undefined;
    proof = new Proof({ ...plan, rows: ROWS, intervalMs: promised.intervalMs, network });
    results = new Map((await proof.run()).map((result) => [result.row.name, result]));
    // Not by `console`: the table is to be copied.
    const caption = proofCaption(proof.fates, { ...promised, watchMs: plan.watchMs });
    process.stdout.write(`\n${proofTable([...results.values()])}\n\n${caption}\n\n`);
    if (forbidden !== undefined)
      console.warn(`NOBODY HAS VANISHED, no network namespaces here: ${forbidden}`);
  }, withinMs);

  afterAll(async () => {
    try {
      await proof?.end();
    } finally {
      network?.remove();
    }
  }, 30_000);

  const resultOf = (name: string): RowResult => results.get(name)!;
  const leftAt = (name: string): number => resultOf(name).outcomes.ours.ghosts.length;

  it.each(ROWS)(
    '$title: every ghost is found in time and for what it is, and nobody who lives is closed',
    ({ name }) => {
      expectOurs(resultOf(name), proof.fates, promised);
    },
  );

  it.each(ROWS)(
    '$title: the other columns show what no module and protocol pings alone are known to do',
    ({ name }) => {
      expectOthers(resultOf(name), proof.fates);
    },
  );

  it('behind every proxy as many ghosts are left as on the direct way: none', () => {
    expect(leftAt('direct')).toBe(0);
    expect(ROWS.map(({ name }) => leftAt(name))).toEqual(ROWS.map(() => leftAt('direct')));
  });

  it('those who live have noticed nothing', async () => {
    expect(await proof.lostByTheirOwnAccount()).toEqual([]);
  });

  it('what was opened and has not closed is what the server really holds: those who live', () => {
    const { ours, gateways } = proof.running;
    expectAccount(ours, gateways.ours, ROWS.length * HEADS.answers);
  });
}
