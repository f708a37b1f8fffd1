import type { PathFacts } from '../checks/path.facts.js';
import { ghostProblems } from './ghost.problems.js';
import { idleProblems } from './idle.problems.js';
import { passageProblems } from './passage.problems.js';
import { fittingSettings, type FittingSettings } from './fitting.settings.js';
import { proxyLines, type ProxyLines } from './proxy.lines.js';

/** Something that is not as it should be. */
export interface Problem {
  /** Stable, for machines. */
  readonly code: string;
  /** `critical`: with the settings in force connections will be lost or ghosts be kept. */
  readonly severity: 'critical' | 'warning' | 'info';
  readonly message: string;
}

/** What follows from the facts. */
export interface Verdict {
  /** Whether what lies in between passes bytes, or speaks the protocol itself. */
  readonly path: 'transparent' | 'terminating';
  /** What becomes of protocol pings. */
  readonly controlFrames: 'pass' | 'answered_in_between' | 'lost';
  /** With the settings in force. */
  readonly losesConnections: boolean;
  readonly keepsGhosts: boolean;
  /** The whole in a few sentences. */
  readonly summary: readonly string[];
  readonly problems: readonly Problem[];
  readonly settings: FittingSettings;
  readonly proxyLines: readonly ProxyLines[];
}

/** Judges one way to a gateway. Pure. */
export function judgePath(facts: PathFacts): Verdict {
  const idle = idleProblems(facts);
  const ghosts = ghostProblems(facts);
  const problems = [...idle, ...ghosts, ...passageProblems(facts)];
  const settings = fittingSettings(facts);
  const [losesConnections, keepsGhosts] = [idle.some(isCritical), ghosts.some(isCritical)];
  const path = pathOf(facts);
  const controlFrames = controlFramesOf(facts);
  return {
    path,
    controlFrames,
    losesConnections,
    keepsGhosts,
    summary: [
      SUMMARY[path],
      CONTROL[controlFrames],
      ...(losesConnections ? ['With the settings in force healthy connections will be lost.'] : []),
      ...(keepsGhosts ? ['With the settings in force ghosts will be kept.'] : []),
      ...(losesConnections || keepsGhosts
        ? []
        : ['Nothing was found that makes the settings in force lose a healthy connection or keep a ghost.']),
    ],
    problems: problems.sort((one, other) => RANK[one.severity] - RANK[other.severity]),
    settings,
    proxyLines: proxyLines(facts, settings.heartbeat.intervalMs),
  };
}

const RANK = { critical: 0, warning: 1, info: 2 };

const SUMMARY = {
  transparent:
    'Byte-transparent: the handshake of the client itself reaches the gateway, and its frames after it.',
  terminating:
    'Protocol-terminating: somebody in between speaks WebSocket itself, with a handshake of its own on each side.',
};

const CONTROL = {
  pass: 'Protocol pings pass from end to end.',
  answered_in_between:
    'Protocol pings are answered in between: they say nothing about the other end. Only heartbeats do.',
  lost: 'Protocol pings are lost on the way: nobody answers them.',
};

function isCritical({ severity }: Problem): boolean {
  return severity === 'critical';
}

function pathOf({ handshake, controlFrames }: PathFacts): Verdict['path'] {
  const { clientPing, gatewayPing } = controlFrames;
  // Without the key, by the frames: who passes bytes passes these.
  if (handshake.isSame === null)
    return clientPing.answeredBy === 'gateway' && gatewayPing.answeredBy === 'client'
      ? 'transparent'
      : 'terminating';
  return handshake.isSame ? 'transparent' : 'terminating';
}

function controlFramesOf({
  controlFrames: { clientPing, gatewayPing },
}: PathFacts): Verdict['controlFrames'] {
  if (clientPing.answeredBy === 'proxy' || gatewayPing.answeredBy === 'proxy') return 'answered_in_between';
  return clientPing.answeredBy === 'gateway' && gatewayPing.answeredBy === 'client' ? 'pass' : 'lost';
}
