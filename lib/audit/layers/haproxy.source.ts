import { chosenIn, excerpt, type Layer, plain, readText, SourceError } from './source.js';

const WHAT = 'the statistics of HAProxy as CSV, whose address ends in ;csv';

/** One line of the statistics, by the names of the columns. */
type Row = ReadonlyMap<string, string>;

/** What HAProxy's statistics tell: both sides. @throws SourceError */
export async function readHaproxy(url: URL): Promise<Layer> {
  const chosen = chosenIn(url);
  const all = parse(await readText({ what: WHAT, url }), url);
  const rows = chosen === undefined ? all : all.filter((row) => chosen.has(nameOf(row)));
  const frontends = rows.filter((row) => row.get('svname') === 'FRONTEND');
  const isStatistics = new Set(frontends.filter(answersItself).map(nameOf));
  const carries = (row: Row): boolean => !isStatistics.has(nameOf(row));
  const carrying = frontends.filter(carries);
  const backends = rows.filter((row) => row.get('svname') === 'BACKEND').filter(carries);
  // The request for the statistics is a session too, where they are served beside everything else.
  const own = carrying.some((row) => numberOf(row, 'intercepted') > 0) && isStatistics.size === 0 ? 1 : 0;
  return {
    name: 'haproxy',
    source: plain(url),
    clients: Math.max(0, sum(carrying) - own),
    backend: sum(backends),
    notes: [
      `counted: frontends ${listOf(carrying)}, backends ${listOf(backends)}; plain requests and clients that wait for their next one count too`,
    ],
  };
}

function parse(text: string, url: URL): Row[] {
  const [head = '', ...lines] = text.split('\n').filter((line) => line.trim() !== '');
  const columns = head.replace(/^# /, '').split(',');
  if (!head.startsWith('# pxname,svname,')) {
    throw new SourceError(`${plain(url)}: expected ${WHAT}, got ${excerpt(text)}`);
  }
  return lines.map((line) => {
    const values = line.split(',');
    return new Map(columns.map((column, index) => [column, values[index] ?? '']));
  });
}

/** All it ever did was to serve statistics. */
function answersItself(row: Row): boolean {
  const intercepted = numberOf(row, 'intercepted');
  return intercepted > 0 && intercepted >= numberOf(row, 'req_tot');
}

function sum(rows: readonly Row[]): number {
  return rows.reduce((total, row) => total + numberOf(row, 'scur'), 0);
}

function numberOf(row: Row, column: string): number {
  return Number(row.get(column) ?? 0) || 0;
}

function nameOf(row: Row): string {
  return row.get('pxname')!;
}

function listOf(rows: readonly Row[]): string {
  return rows.length === 0 ? 'none' : rows.map(nameOf).join(' and ');
}
