import type { AgeBucket, IdleBucket } from '../connection/connection.census.js';
import type { Finding, FindingSignal } from '../lifecycle/lifecycle.events.js';

/** A finding of a node, without its words: those are told on the node. */
export interface NodeFinding {
  readonly signal: FindingSignal;
  readonly severity: Finding['severity'];
}

/** Somebody of whom a node has a connection that is stale. */
export interface StaleSession {
  readonly identity: string;
  readonly idleMs: number;
}

/** A gateway, and what carries connections of it. */
export interface GatewayName {
  readonly gateway: string;
  readonly transport: string;
}

/** What a node says of itself with each beat. Times are the store's, milliseconds since the Unix epoch. */
export interface NodeSummary {
  /** Of the records as well: who writes another format is not read. */
  readonly format: 1;
  /** Host and process, for people. */
  readonly name: string;
  readonly startedAt: number;
  readonly beatAt: number;
  /** Whether all its connections are in the store, those of the last beat excepted. */
  readonly isComplete: boolean;
  readonly connections: number;
  readonly closing: number;
  readonly identities: number;
  readonly byAge: Readonly<Record<AgeBucket, number>>;
  readonly byLastActivity: Readonly<Record<IdleBucket, number>>;
  /** Records name them by their place in this list. */
  readonly gateways: readonly GatewayName[];
  /** Its records are in fields from 0 to below this number, some of them empty. */
  readonly places: number;
  readonly findings: readonly NodeFinding[];
  /** Connections that its own sweep should have closed, had it run. */
  readonly overdue: number;
  /** Whose connections are stale, at most 20. */
  readonly staleSessions: readonly StaleSession[];
  /** When it last wrote who had given a sign of life, and how often it does. */
  readonly activityAt: number;
  readonly activityEveryMs: number;
}

/** As it is put into a store. */
export function encodeSummary(summary: NodeSummary): string {
  return JSON.stringify(summary);
}

/** @returns `undefined` for what is none, or has a format of another version of this package */
export function decodeSummary(text: string): NodeSummary | undefined {
  try {
    const summary = JSON.parse(text) as NodeSummary | null;
    return summary?.format === 1 && isWhole(summary) ? summary : undefined;
  } catch {
    return undefined;
  }
}

/** Whether everything is there that others rely on. */
function isWhole(summary: NodeSummary): boolean {
  const { gateways, findings, staleSessions, byAge, byLastActivity } = summary;
  const { beatAt, connections, closing, identities, places, overdue } = summary;
  return (
    areAll(gateways, ({ gateway, transport }) => areTexts(gateway, transport)) &&
    areAll(findings, ({ signal, severity }) => areTexts(signal, severity)) &&
    areAll(staleSessions, ({ identity }) => areTexts(identity)) &&
    [byAge, byLastActivity].every((each) => Object.values(Object(each) as object).every(Number.isFinite)) &&
    [beatAt, connections, closing, identities, places, overdue].every(Number.isFinite)
  );
}

function areAll<Each>(list: readonly Each[], isRight: (each: Each) => boolean): boolean {
  return Array.isArray(list) && list.every((each) => isRight(Object(each) as Each));
}

function areTexts(...values: readonly unknown[]): boolean {
  return values.every((each) => typeof each === 'string');
}
