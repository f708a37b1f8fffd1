import { randomBytes } from 'node:crypto';

import { readArguments, TOKEN_VARIABLE, type AuditArguments } from './audit.arguments.js';
import { PathAudit } from './checks/path.audit.js';
import type { Command, CommandIo } from './command.js';
import type { AuditTarget } from './probe/audit.target.js';
import { reportOn, type AuditReport } from './report/audit.report.js';
import { tableOf } from './report/audit.table.js';

const USAGE = `Usage: connection-health audit <ws-url> [options]

Finds out what lies between a client and a gateway: who answers protocol pings, whether closes and deaths
arrive, who cuts idle connections and after how long, and which heartbeat settings fit.
The gateway must have the option audit: { token }.

Options
  --token <token>          the gateway's token; better in ${TOKEN_VARIABLE},
                           where the list of processes does not show it
  --direct <ws-url>        a way around the proxies, to be shown beside
  --json                   for machines
  --idle <seconds>         how long idle connections are watched; default 75, at most 450
  --max-frame <bytes>      the largest message tried; default 1048576
  --wait <seconds>         patience for what may never come; default 3
  --header 'Name: value'   sent with each upgrade, for example Cookie or Authorization; may be repeated
  --protocol <name>        subprotocol; may be repeated
  --insecure               takes any certificate

Exit codes: 0 the settings in force fit; 1 they will lose connections or keep ghosts; 2 no audit took place.`;

/** Audits the way to a gateway, and says which settings fit it. */
export const auditCommand: Command = {
  name: 'audit',
  summary: 'finds out what the proxies before a gateway do to its connections, and which settings fit',
  usage: USAGE,
  run: (args, io) => audit(readArguments(args, process.env), io),
};

/** @throws AuditImpossibleError where no audit takes place */
async function audit(given: AuditArguments, io: CommandIo): Promise<number> {
  const audits: PathAudit[] = [];
  try {
    // One after the other: round trips are not to be measured side by side.
    for (const url of [given.url, given.direct]) {
      if (url !== undefined) audits.push(await PathAudit.begin(targetOf(url, given), io.progress));
    }
    // The first speaks for both, which keep step.
    const [path, direct] = await Promise.all(
      audits.map((each, index) => each.finish(given, index === 0 ? io.progress : () => undefined)),
    );
    io.progress('');
    return print(reportOn(path!, direct ?? null), given, io);
  } finally {
    await Promise.all(audits.map((each) => each.end()));
  }
}

function print(report: AuditReport, { json }: AuditArguments, io: CommandIo): number {
  if (json) io.out(JSON.stringify(report, undefined, 2));
  else for (const line of tableOf(report)) io.out(line);
  return report.exitCode;
}

function targetOf(
  given: string,
  { token, waitMs, headers, protocols, insecure }: AuditArguments,
): AuditTarget {
  const { url, authorization } = withoutCredentials(given);
  const run = randomBytes(8).toString('hex');
  return { url, token, run, waitMs, headers: { ...authorization, ...headers }, protocols, insecure };
}

/** Reports and messages show the URL, and are passed on. */
function withoutCredentials(text: string): { url: string; authorization: Record<string, string> } {
  const url = new URL(text);
  const { username, password } = url;
  if (username === '' && password === '') return { url: text, authorization: {} };
  [url.username, url.password] = ['', ''];
  const credentials = [username, password].map(decoded).join(':');
  return {
    url: url.href,
    authorization: { Authorization: `Basic ${Buffer.from(credentials).toString('base64')}` },
  };
}

/** A `%` that begins no escape stands for itself. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
