import { describe, expect, it } from '@jest/globals';

import { tableOf } from '../../lib/audit/report/audit.table.js';
import { reportOn } from '../../lib/audit/report/audit.report.js';
import { judgePath } from '../../lib/audit/verdict/verdict.js';
import { bridgeWith, cutAfter, DEFAULTS, factsWith, limited, PINGS_ONLY } from './support/facts.js';

function codesOf(facts: Parameters<typeof judgePath>[0], severity?: string): string[] {
  return judgePath(facts)
    .problems.filter((problem) => severity === undefined || problem.severity === severity)
    .map(({ code }) => code);
}

describe('a good way', () => {
  it('has no problem, and its settings stay as they are', () => {
    const verdict = judgePath(factsWith());
    expect(verdict).toMatchObject({
      path: 'transparent',
      controlFrames: 'pass',
      losesConnections: false,
      keepsGhosts: false,
      problems: [],
      settings: { heartbeat: { intervalMs: 30_000, timeoutMs: 20_000 }, proxyIdleTimeoutMs: null },
      proxyLines: [],
    });
    expect(reportOn(factsWith(), null).exitCode).toBe(0);
  });

  it('is known by its frames where the handshake is forgotten', () => {
    const unknown = { isSame: null, headers: null, added: [], dropped: [], server: null };
    expect(judgePath(factsWith({ handshake: unknown })).path).toBe('transparent');
    expect(judgePath(bridgeWith({ handshake: unknown })).path).toBe('terminating');
  });
});

describe('an idle limit', () => {
  it.each([
    [60_000, undefined],
    [59_971, undefined],
    [59_000, 'warning'],
    [31_000, 'warning'],
    [30_000, 'critical'],
    [10_000, 'critical'],
  ])('of %s ms with a heartbeat every 30 s: %s', (limitMs, severity) => {
    const facts = factsWith(limited(limitMs));
    expect(judgePath(facts).problems.find(({ code }) => code.startsWith('idle_limit'))?.severity).toBe(
      severity,
    );
    expect(judgePath(facts).losesConnections).toBe(severity === 'critical');
    expect(reportOn(facts, null).exitCode).toBe(severity === 'critical' ? 1 : 0);
  });

  it.each([
    [60_000, 30_000],
    [50_000, 15_000],
    [10_000, 3_000],
    [2_500, 800],
  ])('of %s ms asks for a heartbeat every %s ms', (limitMs, intervalMs) => {
    const { settings } = judgePath(factsWith(limited(limitMs)));
    expect(settings.heartbeat).toEqual({ intervalMs, timeoutMs: Math.round((intervalMs * 2) / 3) });
    expect(settings.proxyIdleTimeoutMs).toBe(limitMs);
  });

  it('is met by protocol pings where they pass, and not where somebody in between answers them', () => {
    expect(codesOf(factsWith({ ...limited(65_000), settings: PINGS_ONLY }))).toEqual([]);
    expect(codesOf(bridgeWith({ ...limited(65_000), settings: PINGS_ONLY }), 'critical')).toContain(
      'idle_limit',
    );
  });

  it('names whose default it is, and the lines of the proxy that says its name', () => {
    const facts = factsWith({
      ...limited(60_100),
      settings: { ...DEFAULTS, heartbeat: { ...DEFAULTS.heartbeat!, intervalMs: 60_000, timeoutMs: 40_000 } },
    });
    const { problems, proxyLines } = judgePath(facts);
    expect(problems[0]!.message).toContain('nginx (proxy_read_timeout)');
    expect(proxyLines.map(({ proxy }) => proxy)).toEqual(['nginx', 'haproxy', 'apache', 'aws-alb', 'envoy']);
    const named = judgePath({ ...facts, handshake: { ...facts.handshake, server: 'nginx/1.22.1' } });
    expect(named.proxyLines.map(({ lines }) => lines)).toEqual([
      ['proxy_read_timeout 180s;', 'proxy_send_timeout 180s;'],
    ]);
  });

  it.each([
    [75_000, 30_000, false],
    [30_001, 30_000, false],
    [30_000, 30_000, true],
    [75_000, 120_000, true],
  ])(
    'is not ruled out by a watch of %s ms with a heartbeat every %s ms: %s',
    (watchedMs, intervalMs, said) => {
      const { idle } = factsWith();
      const settings = { ...DEFAULTS, heartbeat: { ...DEFAULTS.heartbeat!, intervalMs } };
      const facts = factsWith({ settings, idle: { ...idle, watchedMs } });
      expect(codesOf(facts, 'warning')).toEqual(said ? ['idle_unwatched'] : []);
      expect(judgePath(facts).losesConnections).toBe(false);
    },
  );

  it('of the gateway itself is nothing for a proxy to change', () => {
    const facts = factsWith(limited(10_000));
    const own = {
      ...facts,
      idle: { ...facts.idle, silent: { ...cutAfter(10_000), by: 'gateway' as const } },
    };
    expect(judgePath(own).proxyLines).toEqual([]);
    expect(judgePath(own).problems[0]!.message).toContain('the gateway (the app?)');
  });

  it('on each side is told from one for both, unless it is too short to tell', () => {
    const { idle } = factsWith(limited(60_000));
    const cut = cutAfter(60_000);
    const perHop = { ...idle, clientPings: cut, clientMessages: cut, gatewayMessages: cut };
    expect(codesOf(factsWith({ idle: perHop }))).toEqual(['one_way_insufficient']);
    expect(codesOf(factsWith({ idle: { ...perHop, limitMs: 60_000, everyMs: 40_000 } }))).toEqual([
      'one_way_unknown',
    ]);
  });

  it('that ends even busy connections, or was not measured in silence, or is not the one told, is named', () => {
    const { idle } = factsWith(limited(60_000));
    expect(codesOf(factsWith({ idle: { ...idle, bothWays: cutAfter(70_000) } }))).toEqual(['lifetime_limit']);
    expect(codesOf(factsWith({ idle: { ...idle, disturbances: 3 } }))).toEqual(['not_silent']);
    expect(codesOf(factsWith({ idle, settings: { ...DEFAULTS, proxyIdleTimeoutMs: 90_000 } }))).toEqual([
      'limit_differs',
    ]);
  });
});

describe('ghosts', () => {
  const deaf = { reaches: false, afterMs: null, code: null };
  const lost = { code: null, reason: '', passes: false };
  const ghostly = {
    death: { fin: deaf, rst: deaf },
    closing: { ...factsWith().closing, client: lost, clientBare: lost },
  };

  it('behind a bridge that answers pings are found by heartbeats, and kept without', () => {
    expect(judgePath(bridgeWith())).toMatchObject({
      keepsGhosts: false,
      controlFrames: 'answered_in_between',
    });
    expect(codesOf(bridgeWith({ settings: PINGS_ONLY }), 'critical')).toEqual(['ghosts_unjudged']);
    expect(judgePath(factsWith({ settings: PINGS_ONLY })).keepsGhosts).toBe(false);
  });

  it.each([
    ['observed only', { ...DEFAULTS, heartbeat: { ...DEFAULTS.heartbeat!, enforce: 'observe' as const } }],
    ['no heartbeats, no pings', { ...DEFAULTS, heartbeat: null, protocolPing: null, sweep: null }],
    ['pings, but no sweep', { ...PINGS_ONLY, sweep: null }],
  ])('are kept by settings with which nobody judges: %s', (_what, settings) => {
    expect(codesOf(factsWith({ settings }), 'critical')).toEqual(['ghosts_unjudged']);
    expect(reportOn(factsWith({ settings }), null).exitCode).toBe(1);
  });

  it('of clients that may not speak heartbeats are a warning', () => {
    const settings = { ...DEFAULTS, heartbeat: { ...DEFAULTS.heartbeat!, enforce: 'negotiated' as const } };
    expect(codesOf(bridgeWith({ settings }))).toEqual(['ghosts_negotiated']);
  });

  it('of departures that do not arrive live until a heartbeat is missed, or for ever', () => {
    const [problem] = judgePath(bridgeWith(ghostly)).problems;
    expect(problem).toMatchObject({ code: 'departures_lost', severity: 'warning' });
    expect(problem!.message).toContain('up to 50 s');
    expect(codesOf(bridgeWith({ ...ghostly, settings: PINGS_ONLY }), 'critical')).toEqual([
      'ghosts_unjudged',
      'departures_lost',
    ]);
  });

  it('in a pool are beyond any setting', () => {
    expect(codesOf(bridgeWith({ handedOn: 1 }), 'critical')).toEqual(['connections_pooled']);
    expect(judgePath(bridgeWith({ handedOn: 1 })).proxyLines[0]!.lines).toContain(
      'keep no WebSocket in a pool: one connection to the gateway for each client',
    );
  });
});

describe('protocol pings that are lost', () => {
  const lostPings = bridgeWith({
    controlFrames: {
      clientPing: { arrives: false, answeredBy: 'nobody' },
      gatewayPing: { arrives: false, answeredBy: 'nobody' },
    },
  });

  it.each([
    ['only they are asked', PINGS_ONLY, true],
    [
      'some clients may know nothing else',
      { ...DEFAULTS, heartbeat: { ...DEFAULTS.heartbeat!, enforce: 'negotiated' as const } },
      true,
    ],
    ['heartbeats are asked', DEFAULTS, false],
  ])('lose healthy connections where %s', (_where, settings, losesConnections) => {
    expect(judgePath({ ...lostPings, settings })).toMatchObject({ controlFrames: 'lost', losesConnections });
  });
});

describe('what does not pass as it was sent', () => {
  it('is named, and changes no exit code', () => {
    const { closing, frames } = factsWith();
    const facts = bridgeWith({
      handshake: { isSame: false, headers: ['host'], added: [], dropped: [], server: null },
      closing: {
        client: { code: 1006, reason: '', passes: false },
        clientBare: closing.clientBare,
        gateway: { code: 1006, reason: '', passes: false },
        gatewayTerminate: { code: null, reason: '', passes: false },
      },
      frames: { ...frames, toClient: { passed: 65_535, failed: 65_536 } },
      compression: { kind: 'none', client: '', gateway: '', offerArrives: false },
    });
    expect(codesOf(facts)).toEqual([
      'gateway_close_changed',
      'client_close_changed',
      'gateway_end_lost',
      'frame_limit',
      'compression_dropped',
      'address_hidden',
    ]);
    expect(reportOn(facts, null).exitCode).toBe(0);
  });
});

describe('the report', () => {
  it('names what differs from the direct way, and no times', () => {
    const slow = { application: 20, clientPing: 1, gatewayPing: 1 };
    const { differences, exitCode } = reportOn(bridgeWith({ roundTrip: slow }), factsWith());
    expect(differences.map(({ what }) => what)).toEqual([
      'handshake at the gateway',
      'protocol ping of the client',
      'protocol ping of the gateway',
    ]);
    expect(exitCode).toBe(0);
  });

  it('is a table for people, with what differs marked', () => {
    const lines = tableOf(reportOn(bridgeWith(limited(10_000)), factsWith()));
    expect(lines.find((line) => line.includes('protocol ping of the client'))).toMatch(
      /answered in between +≠ arrives, the gateway answers$/,
    );
    expect(lines).toContain(
      '  heartbeat: { intervalMs: 3_000, timeoutMs: 2_000 }, proxyIdleTimeoutMs: 10_000',
    );
    expect(lines.join('\n')).toContain(
      'critical (idle_limit): somebody in between ends a connection after 10 s',
    );
  });
});
