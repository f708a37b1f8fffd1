import type { PathFacts } from '../checks/path.facts.js';
import { judgePath, type Verdict } from '../verdict/verdict.js';
import { AUDIT_ROWS } from './audit.rows.js';

/** What the two ways differ in. */
export interface Difference {
  readonly what: string;
  readonly path: string;
  readonly direct: string;
}

/** The whole result: what `--json` prints. */
export interface AuditReport {
  /** Of this shape: grows when a key changes its meaning or goes. */
  readonly format: 1;
  /** 1 where connections will be lost or ghosts be kept. */
  readonly exitCode: 0 | 1;
  readonly verdict: Verdict;
  readonly path: PathFacts;
  /** The same of the direct way; `null` where none was given. */
  readonly direct: PathFacts | null;
  readonly differences: readonly Difference[];
}

/** Puts together what was found out and what follows. Pure. */
export function reportOn(path: PathFacts, direct: PathFacts | null): AuditReport {
  const verdict = judgePath(path);
  return {
    format: 1,
    exitCode: verdict.losesConnections || verdict.keepsGhosts ? 1 : 0,
    verdict,
    path,
    direct,
    differences: direct === null ? [] : differencesOf(path, direct),
  };
}

function differencesOf(path: PathFacts, direct: PathFacts): Difference[] {
  return AUDIT_ROWS.filter(({ isMeasured }) => isMeasured !== true)
    .map(({ label, of }) => ({ what: label, path: of(path), direct: of(direct) }))
    .filter((row) => row.path !== row.direct);
}
