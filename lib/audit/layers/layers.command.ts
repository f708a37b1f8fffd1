import { setTimeout as sleep } from 'node:timers/promises';

import type { Command, CommandIo } from '../command.js';
import { compare } from './comparison.js';
import { readGateways } from './gateway.source.js';
import { type LayersOptions, readLayersOptions } from './layers.options.js';
import { jsonOf, type LayersReport, linesOf } from './layers.report.js';
import { verdictOf } from './verdict.js';

/** Long enough for connections that were just being made or closed to be so everywhere. */
const SECOND_LOOK_AFTER_MS = 1_000;

/** Finds the layer that keeps connections whose clients are gone. */
export const layersCommand: Command = {
  name: 'layers',
  summary: 'compares connection counts, layer by layer, and names the one that leaks',
  usage: `Usage: connection-health layers --gateway <url> <one or more layers> [options]

Puts the numbers of connections side by side: from clients to the proxy, from the proxy to the backend, and in the
gateway. The layer that has more than the one outside of it keeps connections whose clients are gone.

  --gateway <url>        the diagnostics of the app, as in http://127.0.0.1:3000/connection-health;
                         more than once where several processes stand behind the proxy
  --header 'Name: value' for the gateway, where a guard stands before it; more than once for several

Layers, from the outermost to the innermost:
  --nginx <url>          stub_status of nginx
  --haproxy <url>        the statistics of HAProxy as CSV, as in 'http://user:password@127.0.0.1:8404/stats;csv';
                         with '#websockets,gateway' behind it only those frontends and backends are counted
  --caddy <url>          the control of Caddy, as in http://127.0.0.1:2019; with '#srv0,127.0.0.1:3000' behind it
                         only that server and that upstream are counted
  --sockets <what>       sockets of the proxy's host: a file with what "ss -tn" printed there, - for the standard
                         input, or "local" for this host; needs both of
  --listen-port <port>     where clients connect to the proxy
  --upstream-port <port>   where the proxy connects to the gateway

  --tolerance <number>   connections by which two numbers may differ (default: 2, or 1 in 100)
  --json                 for machines

Exit codes: 0 no layer leaks, 1 one does, 2 arguments or sources that cannot be used.

Example: ssh proxy ss -tn | connection-health layers --gateway https://app.example/connection-health \\
           --sockets - --listen-port 443 --upstream-port 3000`,

  async run(args: readonly string[], io: CommandIo): Promise<number> {
    const options = readLayersOptions(args);
    const first = await look(options, io);
    // A gap that was there twice is no connection that was just coming or going.
    const report = first.verdict.isLeaking ? await lookAgain(first, options, io) : first;
    io.progress('');
    if (options.json) io.out(jsonOf(report));
    else for (const line of linesOf(report)) io.out(line);
    return report.verdict.isLeaking ? 1 : 0;
  },
};

async function look(options: LayersOptions, io: CommandIo): Promise<LayersReport> {
  io.progress('reading all layers');
  const { gateways, headers, readers, tolerance } = options;
  // One after the other: the question to the gateway would be among the sockets of this host.
  const gateway = await readGateways(gateways, headers);
  const layers = await Promise.all(readers.map((read) => read()));
  const comparison = compare(layers, gateway, tolerance);
  return { layers, gateway, comparison, verdict: verdictOf(comparison, layers, gateway) };
}

async function lookAgain(first: LayersReport, options: LayersOptions, io: CommandIo): Promise<LayersReport> {
  if (options.isFromStandardInput) return first;
  io.progress('a gap: looking once more in a second');
  await sleep(SECOND_LOOK_AFTER_MS);
  return look(options, io);
}
