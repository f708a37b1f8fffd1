import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ConnectionHealthModuleOptions } from 'nestjs-connection-health';

import type { AuditReport } from '../../lib/audit/report/audit.report.js';
import {
  missingProxies,
  nameOf,
  PROXIES,
  startProxy,
  type LabRow,
  type RunningProxy,
} from '../proxy-lab/lab.js';
import type { TestApp } from '../support/app.js';
import { runAuditJson } from './support/audit.run.js';
import { portOf, startAudited } from './support/audited.app.js';
import { truthOf } from './support/lab.truth.js';

const IDLE_MS = 2_000;
/** nginx leaves a timer as it is where it would move by less than 300 ms: its limits end so much sooner. */
const SOONER_MS = 350;
const BEATING: ConnectionHealthModuleOptions = { heartbeat: { intervalMs: 600 } };
const PINGING: ConnectionHealthModuleOptions = { heartbeat: false, protocolPing: { intervalMs: 500 } };

/** Settings that do not fit, and what an audit has to say of them. */
const MISFITS: readonly {
  readonly row: string;
  readonly options: ConnectionHealthModuleOptions;
  readonly code: string;
  readonly harm: 'losesConnections' | 'keepsGhosts';
}[] = [
  {
    row: 'nginx',
    options: { heartbeat: { intervalMs: 30_000 } },
    code: 'idle_limit',
    harm: 'losesConnections',
  },
  { row: 'lua idle', options: PINGING, code: 'idle_limit', harm: 'losesConnections' },
  { row: 'lua drop', options: PINGING, code: 'pings_lost', harm: 'losesConnections' },
  { row: 'lua ok', options: PINGING, code: 'ghosts_unjudged', harm: 'keepsGhosts' },
  { row: 'node ghost', options: PINGING, code: 'departures_lost', harm: 'keepsGhosts' },
];

const running: (TestApp | RunningProxy)[] = [];
const reports = new Map<string, AuditReport>();

/** Each in an app of its own: what an audit may do is bounded per process. */
async function auditBehind(row: LabRow, options: ConnectionHealthModuleOptions): Promise<AuditReport> {
  const app = await startAudited(options);
  running.push(app);
  const { name, behaviour } = row;
  const proxy = await startProxy(name, {
    ...(behaviour === undefined ? {} : { behaviour }),
    backend: { port: portOf(app) },
    idleTimeoutMs: IDLE_MS,
  });
  running.push(proxy);
  return runAuditJson(proxy.url('/'));
}

async function auditDirectly(): Promise<AuditReport> {
  const app = await startAudited(BEATING);
  running.push(app);
  return runAuditJson(app.url);
}

async function keep(name: string, audit: Promise<AuditReport>): Promise<void> {
  reports.set(name, await audit);
}

function reportOn(name: string): AuditReport {
  return reports.get(name)!;
}

describe('the audit behind every proxy of the lab', () => {
  const rows = PROXIES.filter(({ name }) => !missingProxies().includes(name));

  beforeAll(async () => {
    await Promise.all([
      keep('direct', auditDirectly()),
      ...rows.map((row) => keep(nameOf(row), auditBehind(row, BEATING))),
      ...MISFITS.map(({ row, options }, index) =>
        keep(
          `misfit ${index}`,
          auditBehind(
            rows.find((each) => nameOf(each) === row)!,
            options,
          ),
        ),
      ),
    ]);
  }, 100_000);

  afterAll(async () => {
    await Promise.all(running.map((each) => ('app' in each ? each.app.close() : each.stop())));
  }, 60_000);

  it('finds all of them installed', () => {
    expect(missingProxies()).toEqual([]);
  });

  describe.each(['direct', ...rows.map(nameOf)])('%s', (name) => {
    const truth = truthOf(name);

    it(`is ${truth.path}, and protocol pings ${truth.controlFrames}`, () => {
      const { verdict, path } = reportOn(name);
      expect(verdict.path).toBe(truth.path);
      expect(verdict.controlFrames).toBe(truth.controlFrames);
      expect(path.controlFrames).toEqual(truth.pings);
    });

    it('passes closes as it is known to', () => {
      const { closing } = reportOn(name).path;
      expect([closing.client.code, closing.clientBare.code]).toEqual(truth.clientCloses);
      expect(closing.gateway).toMatchObject({ code: 4901, passes: true });
      expect(closing.gatewayTerminate.code).toBe(truth.gatewayTerminates);
    });

    it(`tells of a client's death: ${truth.deathCode ?? 'never'}`, () => {
      const { fin, rst } = reportOn(name).path.death;
      for (const death of [fin, rst]) {
        expect(death).toMatchObject({ reaches: truth.deathCode !== null, code: truth.deathCode });
        expect(death?.afterMs ?? 0).toBeLessThan(1_500);
      }
    });

    it(`cuts silence: ${truth.isLimited}`, () => {
      const { limitMs, silent } = reportOn(name).path.idle;
      const codes = [silent.by, silent.client?.code, silent.gateway?.code];
      expect(codes).toEqual(
        truth.isLimited ? ['between', 1006, truth.idleCode] : [null, undefined, undefined],
      );
      expect(limitMs !== null).toBe(truth.isLimited);
      expect(limitMs ?? IDLE_MS).toBeGreaterThan(IDLE_MS - SOONER_MS);
      expect(limitMs ?? IDLE_MS).toBeLessThan(IDLE_MS * 1.6);
    });

    it(`${truth.isKeptOneWay ? 'is' : 'is not'} kept alive by traffic one way, but by traffic both ways`, () => {
      const { clientPings, clientMessages, gatewayMessages, bothWays, disturbances } =
        reportOn(name).path.idle;
      for (const fact of [clientPings, clientMessages, gatewayMessages])
        expect(fact.by).toBe(truth.isKeptOneWay ? null : 'between');
      expect(bothWays).toEqual({ client: null, gateway: null, by: null });
      expect(disturbances).toBe(0);
    });

    it(`compresses: ${truth.compression}; passes headers and large messages`, () => {
      const { compression, handshake, frames } = reportOn(name).path;
      expect(compression.kind).toBe(truth.compression);
      expect(handshake.headers).toContain('x-connection-health-audit');
      expect(handshake.added).toEqual(expect.arrayContaining([...truth.addedHeaders]));
      expect(frames).toMatchObject({
        toGateway: { passed: 262_144, failed: null },
        toClient: { passed: 262_144, failed: null },
      });
    });

    it('gives round trips of who answers', () => {
      const { roundTrip } = reportOn(name).path;
      expect(roundTrip.application).toBeGreaterThan(0);
      const isAnswered = truth.controlFrames !== 'lost';
      expect([roundTrip.clientPing, roundTrip.gatewayPing].map((ms) => ms !== null && ms > 0)).toEqual([
        isAnswered,
        isAnswered,
      ]);
    });

    it(`finds connections handed on: ${truth.isPooled}`, () => {
      const { path, verdict } = reportOn(name);
      expect(path.handedOn > 0).toBe(truth.isPooled);
      expect(verdict.problems.some(({ code }) => code === 'connections_pooled')).toBe(truth.isPooled);
    });

    it(`has nothing against settings that fit: ${!truth.isPooled}`, () => {
      const { exitCode, verdict } = reportOn(name);
      expect(verdict).toMatchObject({ losesConnections: false, keepsGhosts: truth.isPooled });
      expect(exitCode).toBe(truth.isPooled ? 1 : 0);
    });
  });

  it.each(MISFITS.map((misfit, index) => ({ ...misfit, index })))(
    'behind $row it warns of settings with which it $harm: $code',
    ({ index, code, harm }) => {
      const { exitCode, verdict } = reportOn(`misfit ${index}`);
      expect(exitCode).toBe(1);
      expect(verdict[harm]).toBe(true);
      expect(verdict.problems).toContainEqual(expect.objectContaining({ code, severity: 'critical' }));
    },
  );

  it('says which settings fit a limit, and which line raises it', () => {
    const { verdict, path } = reportOn('misfit 0');
    const toldMs = verdict.settings.proxyIdleTimeoutMs!;
    expect(Math.abs(toldMs - path.idle.limitMs!)).toBeLessThanOrEqual(50); // told in tenths of a second
    expect(verdict.settings.heartbeat.intervalMs).toBeLessThanOrEqual(toldMs / 3);
    expect(verdict.proxyLines).toEqual([
      {
        proxy: 'nginx',
        lines: ['proxy_read_timeout 90s;', 'proxy_send_timeout 90s;'],
        command: 'npx connection-health proxy-config nginx --interval 30000ms',
      },
    ]);
  });
});
