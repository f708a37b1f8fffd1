// `npm run lab`: the first sample behind every proxy of the lab, until Ctrl-C or SIGTERM.
import { Lab, startApp, type StartedRow } from './lab.app.js';
import { nameOf } from './rows.js';

const COLUMNS = [16, 28, 50];

function line(...cells: readonly string[]): string {
  return cells
    .map((cell, index) => cell.padEnd(COLUMNS[index] ?? 0))
    .join('')
    .trimEnd();
}

function lineOf({ row, proxy, failure }: StartedRow): string {
  if (proxy === undefined) return failure!;
  return line(nameOf(row), proxy.url(), row.does, proxy.statusUrl ?? '');
}

const { app, port } = await startApp();
const rows = await app.get(Lab).start(port);
console.log(`
${line('proxy', 'address', 'what it does', 'its own numbers')}
${line('(none)', `ws://127.0.0.1:${port}/`, 'the app itself')}
${rows.map(lineOf).join('\n')}

The app answers {"event":"chat","data":"hello"} on each of them; its page is
http://127.0.0.1:${port}/connection-health/dashboard

Ctrl-C stops the app and all proxies.
`);
