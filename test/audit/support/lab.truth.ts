import type { ControlFrameFacts } from '../../../lib/audit/checks/path.facts.js';
import type { Verdict } from '../../../lib/audit/verdict/verdict.js';

/** What is known of a row of the lab, as measured by hand with other means. */
export interface Truth {
  readonly path: Verdict['path'];
  readonly controlFrames: Verdict['controlFrames'];
  readonly pings: ControlFrameFacts;
  /** What the gateway sees of a close of the client with 4900, and of one without a code. */
  readonly clientCloses: readonly [number | null, number | null];
  /** What the client sees when the gateway destroys its socket. */
  readonly gatewayTerminates: number;
  /** What the gateway sees of a client that dies. */
  readonly deathCode: number | null;
  readonly isLimited: boolean;
  /** What the gateway sees when silence is cut. */
  readonly idleCode: number;
  readonly isKeptOneWay: boolean;
  readonly compression: 'end_to_end' | 'hop_by_hop' | 'none';
  readonly addedHeaders: readonly string[];
  readonly isPooled: boolean;
}

const PASSES: ControlFrameFacts = {
  clientPing: { arrives: true, answeredBy: 'gateway' },
  gatewayPing: { arrives: true, answeredBy: 'client' },
};
const ANSWERED: ControlFrameFacts = {
  clientPing: { arrives: false, answeredBy: 'proxy' },
  gatewayPing: { arrives: false, answeredBy: 'proxy' },
};
const LOST: ControlFrameFacts = {
  clientPing: { arrives: false, answeredBy: 'nobody' },
  gatewayPing: { arrives: false, answeredBy: 'nobody' },
};

const direct: Truth = {
  path: 'transparent',
  controlFrames: 'pass',
  pings: PASSES,
  clientCloses: [4900, 1005],
  gatewayTerminates: 1006,
  deathCode: 1006,
  isLimited: false,
  idleCode: 1006,
  isKeptOneWay: true,
  compression: 'end_to_end',
  addedHeaders: [],
  isPooled: false,
};
const limited: Truth = { ...direct, isLimited: true, addedHeaders: ['x-forwarded-for'] };
const bridge: Truth = {
  ...direct,
  path: 'terminating',
  controlFrames: 'answered_in_between',
  pings: ANSWERED,
  addedHeaders: ['x-forwarded-for'],
};
const lua: Truth = { ...bridge, gatewayTerminates: 1001, deathCode: 1001, compression: 'none' };
// `ws` offers compression to the gateway, and the bridge takes none from the client.
const node: Truth = { ...bridge, compression: 'hop_by_hop' };
const deaf = { clientCloses: [null, null], deathCode: null } as const;
const forwards = { controlFrames: 'pass', pings: PASSES } as const;

const TRUTHS: Readonly<Record<string, Truth>> = {
  direct,
  nginx: limited,
  haproxy: limited,
  caddy: { ...direct, addedHeaders: ['x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto'] },
  'apache-http': { ...limited, addedHeaders: ['x-forwarded-for', 'x-forwarded-host', 'x-forwarded-server'] },
  'apache-wstunnel': { ...direct, addedHeaders: ['x-forwarded-for'] },
  'lua ok': lua,
  'lua ghost': { ...lua, ...deaf },
  'lua forward': { ...lua, ...forwards },
  'lua drop': { ...lua, controlFrames: 'lost', pings: LOST },
  'lua idle': { ...lua, isLimited: true, idleCode: 1001, isKeptOneWay: false },
  'lua pool': { ...lua, ...deaf, isPooled: true },
  'node ok': node,
  'node ghost': { ...node, ...deaf },
  'node forward': { ...node, ...forwards },
};

/** @throws for a row that nobody has written down */
export function truthOf(name: string): Truth {
  const truth = TRUTHS[name];
  if (truth === undefined) throw new Error(`no truth is known of ${name}: write it down in lab.truth.ts`);
  return truth;
}
