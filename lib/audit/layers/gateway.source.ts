import type { DiagnosticsSnapshot } from '../../diagnostics/diagnostics.snapshot.js';
import { excerpt, plain, readText, SourceError } from './source.js';

const WHAT = 'the diagnostics of a gateway as JSON (ConnectionHealthModule with diagnostics on)';

/** What the gateway, or all of its processes together, hold. */
export interface GatewayCount {
  /** The addresses of the diagnostics. */
  readonly sources: readonly string[];
  readonly total: number;
  /** Connections nothing was heard of for more than a minute, and for more than five. */
  readonly idleOverOneMinute: number;
  readonly idleOverFiveMinutes: number;
  /** What the gateway says itself is wrong, the worst first. */
  readonly findings: readonly string[];
  /** So many processes share its store; where they are more than were asked, something is not counted. */
  readonly nodes: number;
}

/** Reads the diagnostics of all processes and adds them up. @throws SourceError */
export async function readGateways(
  urls: readonly URL[],
  headers: Readonly<Record<string, string>>,
): Promise<GatewayCount> {
  const counts = await Promise.all(urls.map((url) => readGateway(url, headers)));
  const sum = (of: (count: GatewayCount) => number): number =>
    counts.reduce((total, count) => total + of(count), 0);
  return {
    sources: counts.flatMap(({ sources }) => sources),
    total: sum(({ total }) => total),
    idleOverOneMinute: sum((count) => count.idleOverOneMinute),
    idleOverFiveMinutes: sum((count) => count.idleOverFiveMinutes),
    findings: [...new Set(counts.flatMap(({ findings }) => findings))],
    nodes: Math.max(...counts.map(({ nodes }) => nodes)),
  };
}

async function readGateway(url: URL, headers: Readonly<Record<string, string>>): Promise<GatewayCount> {
  const text = await readText({ what: WHAT, url, headers: { accept: 'application/json', ...headers } });
  const json = parsed(text) as Partial<DiagnosticsSnapshot> | null | undefined;
  const { total_connections: total, connections_by_last_activity: idle } = json ?? {};
  if (typeof total !== 'number' || typeof idle !== 'object') {
    throw new SourceError(`${plain(url)}: expected ${WHAT}, got ${excerpt(text)}`);
  }
  const overFive = Number(idle['idle_5min+']) || 0;
  return {
    sources: [plain(url)],
    total,
    idleOverOneMinute: overFive + (Number(idle['idle_1-5min']) || 0),
    idleOverFiveMinutes: overFive,
    findings: findingsOf(json?.findings),
    nodes: Number(json?.fleet?.nodes) || 1,
  };
}

function findingsOf(findings: unknown): string[] {
  if (!Array.isArray(findings)) return [];
  return (findings as readonly { signal?: unknown; message?: unknown }[])
    .slice(0, 20)
    .map((finding) => printable(`${String(finding?.signal)}: ${String(finding?.message)}`));
}

/** It comes over the network and goes to a terminal. */
function printable(text: string): string {
  // eslint-disable-next-line no-control-regex
  return text.slice(0, 500).replace(/[\u0000-\u001f\u007f-\u009f]/g, '?');
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
