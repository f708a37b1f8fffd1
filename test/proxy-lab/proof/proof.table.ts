import { HEADS, type Fate } from './crowd/crowd.js';
import type { Outcome, RowResult } from './proof.result.js';
import { WATCHES } from './servers/proof.servers.js';

/** In milliseconds. */
interface Timing {
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly watchMs: number;
}

const DEEDS: Readonly<Record<Fate, string>> = {
  answers: 'answer',
  leaves: 'leave with a close frame',
  killed: 'are killed (SIGKILL)',
  stopped: 'freeze (SIGSTOP)',
  vanishes: 'vanish without a FIN',
};
const HEADINGS = ['way to the app', 'no module', 'protocol pings only', 'ours', 'ours found', 'as'];

/** The proof as a table in Markdown; pads the columns, so that it reads well in a terminal too. */
export function proofTable(results: readonly RowResult[]): string {
  const lines = [HEADINGS, ...results.map(cellsOf)];
  const widths = HEADINGS.map((_, column) => Math.max(...lines.map((cells) => cells[column]!.length)));
  const inWords = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column]!)).join(' | ')} |`;
  const [headings, ...rows] = lines.map(inWords);
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`;
  return [headings, rule, ...rows].join('\n');
}

/** What the numbers in the table are out of. */
export function proofCaption(fates: readonly Fate[], { intervalMs, timeoutMs, watchMs }: Timing): string {
  const dead = fates.filter((fate) => fate !== 'answers').map((fate) => `${HEADS[fate]} ${DEEDS[fate]}`);
  return (
    `Of each ${fates.reduce((sum, fate) => sum + HEADS[fate], 0)} clients ${HEADS.answers} answer all the time, ` +
    `${dead.join(', ')}. Heartbeat every ${seconds(intervalMs)}, timeout ${seconds(timeoutMs)}, pings as often. ` +
    `Looked at ${seconds(watchMs)} later; a ghost is a connection that is still held for a client that is gone.`
  );
}

function cellsOf({ row, outcomes, found }: RowResult): string[] {
  const kinds = [...new Set(found.map(({ kind }) => kind ?? 'unknown'))].sort();
  const slowest = Math.max(...found.map(({ foundMs }) => foundMs));
  return [
    row.title,
    ...WATCHES.map((watch) => inWords(outcomes[watch])),
    `${found.length} within ${seconds(slowest)}`,
    kinds.join(', '),
  ];
}

/** Ghosts left and the living killed, or when the last of the dead was gone. */
function inWords({ ghosts, lost, lastGoneMs }: Outcome): string {
  const left = count(ghosts.length, 'ghost');
  if (lost.length > 0) return `${left}, ${lost.length} living killed`;
  return lastGoneMs === undefined ? left : `${left} after ${seconds(lastGoneMs)}`;
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`;
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(2)} s`;
}
