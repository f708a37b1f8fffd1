import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer as createTlsServer } from 'node:tls';

import { afterEach, describe, expect, it } from '@jest/globals';

import { runAudit, runAuditJson } from './support/audit.run.js';
import { portOf, startAudited } from './support/audited.app.js';
import { startNarrowBridge } from './support/narrow.bridge.js';

const running: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of running.splice(0).toReversed()) await stop();
});

async function startedPort(): Promise<number> {
  const app = await startAudited({ heartbeat: { intervalMs: 500 } });
  running.push(() => app.app.close());
  return portOf(app);
}

/** Passes the bytes of each connection on to one port after the other. */
async function relaying(
  server: Server,
  arrival: 'connection' | 'secureConnection',
  ports: readonly number[],
): Promise<number> {
  const sockets = new Set<Socket>();
  const pass = (client: Socket): void => {
    const gateway = connect(ports[sockets.size % ports.length]!, '127.0.0.1');
    sockets.add(client);
    for (const [from, to] of [
      [client, gateway],
      [gateway, client],
    ] as const) {
      from.pipe(to);
      from.on('error', () => to.destroy());
    }
  };
  server.on(arrival, pass);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  running.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

function selfSigned(): { key: Buffer; cert: Buffer } {
  const folder = mkdtempSync(join(tmpdir(), 'audit-'));
  try {
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
    const args = [
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:prime256v1',
      '-nodes',
      '-days',
      '1',
    ];
    execFileSync('openssl', [...args, '-subj', '/CN=localhost', '-keyout', key, '-out', cert], {
      stdio: 'ignore',
    });
    return { key: readFileSync(key), cert: readFileSync(cert) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe('an audit', () => {
  it('follows its connections to whichever process a balancer gave them', async () => {
    const port = await relaying(createServer(), 'connection', [await startedPort(), await startedPort()]);
    const { path, exitCode } = await runAuditJson(`ws://127.0.0.1:${port}/`, '--idle', '1');
    expect(path.nodes).toBe(2);
    expect(path.closing.client).toMatchObject({ code: 4900, passes: true });
    expect(path.closing.clientBare).toMatchObject({ code: 1005, passes: true });
    expect(path.death).toMatchObject({ fin: { reaches: true }, rst: { reaches: true } });
    expect(exitCode).toBe(0);
  });

  it('goes over TLS, with any certificate only where asked to', async () => {
    const server = createTlsServer(selfSigned());
    server.on('tlsClientError', () => undefined);
    const url = `wss://127.0.0.1:${await relaying(server, 'secureConnection', [await startedPort()])}/`;
    await expect(runAudit(url)).rejects.toThrow('(--insecure takes any certificate)');
    const { path, exitCode } = await runAuditJson(url, '--insecure', '--idle', '1');
    expect(path.handshake.isSame).toBe(true);
    expect(path.death.fin).toMatchObject({ reaches: true, code: 1006 });
    expect(path.death.rst).toBeNull();
    expect(exitCode).toBe(0);
  });

  it.each([
    [65_535, 65_536],
    [100_000, undefined],
  ])('finds that no message of more than %s bytes passes', async (limit, failed) => {
    const bridge = await startNarrowBridge(`ws://127.0.0.1:${await startedPort()}`, limit);
    running.push(bridge.stop);
    const { path, verdict } = await runAuditJson(bridge.url, '--idle', '0.5');
    for (const fact of [path.frames.toGateway, path.frames.toClient]) {
      expect(fact.passed).toBeLessThanOrEqual(limit);
      expect(fact.passed).toBeGreaterThan(limit * 0.9);
      expect(fact.failed).toBeGreaterThan(limit);
      expect(fact.failed).toBe(failed ?? fact.failed);
    }
    expect(verdict.problems.map(({ code }) => code)).toContain('frame_limit');
  });

  it("tells the gateway's own limit from one on the way", async () => {
    const app = await startAudited({ heartbeat: { intervalMs: 400 } }, { maxPayload: 50_000 });
    running.push(() => app.app.close());
    const { path, verdict } = await runAuditJson(app.url, '--idle', '0.5');
    expect(path.frames).toEqual({
      toGateway: { passed: 50_000, failed: null },
      toClient: { passed: 262_144, failed: null },
      gatewayMaxPayload: 50_000,
    });
    expect(verdict.problems).toEqual([]);
  });

  it('tells an app that ends idle connections itself from somebody in between', async () => {
    const app = await startAudited(
      {},
      { opened: (client) => void setTimeout(() => client.close(4408, 'log in'), 900) },
    );
    running.push(() => app.app.close());
    const { path, verdict } = await runAuditJson(app.url, '--idle', '2');
    expect(path.idle.silent).toMatchObject({
      by: 'gateway',
      client: { code: 4408 },
      gateway: { code: 4408 },
    });
    expect(verdict.problems.map(({ code }) => code)).toEqual(
      expect.arrayContaining(['idle_limit', 'lifetime_limit']),
    );
    expect(verdict.proxyLines).toEqual([]);
  });

  it('says when somebody else sends on the silent connection', async () => {
    const app = await startAudited(
      { heartbeat: { intervalMs: 800 } },
      {
        opened: (client) => {
          const timer = setInterval(() => client.ping(), 200);
          client.once('close', () => clearInterval(timer));
        },
      },
    );
    running.push(() => app.app.close());
    const { path, verdict } = await runAuditJson(app.url, '--idle', '1');
    // At least once before its second of silence is over, however busy the machine.
    expect(path.idle.disturbances).toBeGreaterThanOrEqual(1);
    expect(verdict.problems.map(({ code }) => code)).toEqual(['not_silent']);
  });
});
