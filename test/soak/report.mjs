import { amount } from './checkpoint.mjs';
import { examplesOf } from './judge.mjs';
import { KINDS } from './kinds.mjs';

const MEASURES = ['heapUsed', 'external', 'rss', 'fds', 'handles', 'timers', 'deadSockets', 'deadRecords'];

/** Prints what happened as tables, then a verdict. @returns whether all promises were kept */
export function printReport(settings, result) {
  const { intervalMs, timeoutMs, tickMs, closeTimeoutMs } = settings;
  console.log(
    `interval ${intervalMs} ms, timeout ${timeoutMs} ms, tick ${tickMs} ms, close timeout ${closeTimeoutMs} ms`,
  );
  printDeaths(result);
  printTroubles(result);
  printCheckpoints(result);
  const problems = [...brokenPromises(result), ...result.problems];
  for (const problem of problems) console.log(`broken: ${problem}`);
  console.log(problems.length === 0 ? 'verdict: every promise was kept' : 'verdict: FAILED');
  return problems.length === 0;
}

function printDeaths({ truth, judge }) {
  const rows = Object.entries(KINDS).map(([kind, { text, ghost }]) => {
    const { died, gone, wrong, held, worst } = judge.byKind[kind];
    const lateness = worst && `${Math.round(worst.tookMs)} of ${Math.round(worst.boundMs)}`;
    return [kind, text, truth.born[kind], died, gone, lateness ?? '-', ghost ?? '-', wrong, held];
  });
  const head = [
    'kind',
    'how they die',
    'born',
    'died',
    'found',
    'worst ms of bound',
    'ghost',
    'wrong',
    'held',
  ];
  console.log(`\n${table(head, rows)}`);
}

function printTroubles({ trouble, serverLostMs, massCut, truth, judge }) {
  const { io, check, stopped, crawl } = trouble.count;
  const { mass_timeout: episodes = 0, stalled = 0, clients_do_not_answer: mute = 0 } = truth.others;
  console.log(`
stalls: ${io} in the io phase, ${check} in the check phase, ${stopped} by SIGSTOP; the longest ${seconds(trouble.longestMs)}; ${stalled} reported; busy for a while: ${crawl}
the server did not run, or had not read what was there, for ${seconds(serverLostMs)} in all
mass cut: ${massCut} at once, ${judge.byKind.mass.held} of them held; episodes of mass silence: ${episodes}; crowd taken for mute: ${mute}
healthy clients lost: ${judge.lost.length}; clients starved by this machine and not counted: ${judge.starved}`);
}

function printCheckpoints({ checkpoints }) {
  const head = ['checkpoint', 'open', 'active', 'opened', 'closed', 'clients', ...MEASURES];
  const rows = checkpoints.map(({ name, truth, counts, memory }) => [
    name,
    truth,
    counts.active,
    counts.opened,
    counts.closed,
    counts.clients,
    ...MEASURES.map((measure) => amount(measure, memory[measure])),
  ]);
  console.log(`\n${table(head, rows)}\n`);
}

function seconds(ms) {
  return `${(ms / 1000).toFixed(1)} s`;
}

/** A sentence for each promise that was not kept. */
function brokenPromises({ judge, truth, massCut }) {
  const { lost, late, wrong, starved, byKind } = judge;
  const born = Object.values(truth.born).reduce((sum, number) => sum + number, 0);
  const promises = [
    [lost.length === 0, `${lost.length} healthy clients were lost: ${examplesOf(lost)}`],
    [late.length === 0, `${late.length} of the dead outlived their bound: ${examplesOf(late)}`],
    [wrong.length === 0, `${wrong.length} deaths were taken for something else: ${examplesOf(wrong)}`],
    [truth.strangers === 0, `${truth.strangers} events were about connections that are long over`],
    [byKind.mass.held * 2 >= massCut, `of ${massCut} cut at once only ${byKind.mass.held} were held`],
    [starved <= born / 100, `this machine starved ${starved} clients: nothing can be said of them`],
  ];
  return promises.filter(([isKept]) => !isKept).map(([, sentence]) => sentence);
}

function table(head, rows) {
  const cells = [head, ...rows].map((row) => row.map(String));
  const widths = head.map((_, column) => Math.max(...cells.map((row) => row[column].length)));
  const isText = head.map((_, column) => rows.some((row) => typeof row[column] === 'string' && column < 2));
  return cells
    .map((row) =>
      row
        .map((text, column) => (isText[column] ? text.padEnd(widths[column]) : text.padStart(widths[column])))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
