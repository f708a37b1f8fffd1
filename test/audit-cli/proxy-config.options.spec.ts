import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { describe, expect, it } from '@jest/globals';

import { CONFIGURATIONS } from '../../lib/audit/proxy-config/proxy-config.command.js';
import { limitFor } from '../../lib/audit/proxy-config/proxy.setup.js';
import { printed, run } from './printed.js';

const NAMES = Object.keys(CONFIGURATIONS);
const UNTESTED = ['traefik', 'envoy', 'aws-alb', 'cloudflare'];

async function refusal(...args: string[]): Promise<string> {
  const { exitCode, out, err } = await run(['proxy-config', ...args]);
  expect({ exitCode, out }).toEqual({ exitCode: 2, out: '' });
  return err.split('\n')[0]!;
}

function bridgeTo(upstream: string): Promise<string> {
  return printed('openresty', '--upstream', upstream);
}

describe('proxy-config', () => {
  it('has what it says it has', () => {
    expect(NAMES).toEqual([
      'nginx',
      'openresty',
      'haproxy',
      'apache',
      'caddy',
      'traefik',
      'envoy',
      'aws-alb',
      'cloudflare',
    ]);
  });

  it.each(NAMES)(
    '%s: the same for the same arguments, lines that fit, and the numbers that were asked for',
    async (name) => {
      const args = ['--path', '/live/ws', '--upstream', '10.1.2.3:4567', '--interval', '12s'] as const;
      const text = await printed(name, ...args);
      expect(await printed(name, ...args)).toBe(text);
      // Envoy's names of types are as long as they are.
      const long = text.split('\n').filter((line) => line.length > 120 && !line.includes('"@type"'));
      expect(long).toEqual([]);
      expect(text).toContain(
        name === 'cloudflare' ? 'proxyIdleTimeoutMs: 100000' : 'proxyIdleTimeoutMs: 30000',
      );
      expect(text).toContain('intervalMs: 12000');
      expect(text).toContain('10.1.2.3:4567');
      expect(text).toContain('/live/ws');
    },
  );

  it.each(NAMES)('%s: says in its first line that it is untested, exactly if it is', async (name) => {
    const first = (await printed(name)).split('\n')[0];
    expect(first!.startsWith('# untested: ')).toBe(UNTESTED.includes(name));
  });

  it.each([1_000, 1_099, 1_300, 1_399, 2_000, 4_567, 30_000, 3_600_000])(
    'sets limits between two and three intervals of %i ms',
    (intervalMs) => {
      const ratio = (limitFor(intervalMs) * 1_000) / intervalMs;
      expect(ratio).toBeGreaterThanOrEqual(2);
      expect(ratio).toBeLessThanOrEqual(3);
    },
  );

  it.each([
    ['30000', 'intervalMs: 30000'],
    ['30s', 'intervalMs: 30000'],
    ['1500ms', 'intervalMs: 1500'],
    ['2m', 'intervalMs: 120000'],
  ])('takes --interval %s', async (interval, line) => {
    expect(await printed('nginx', '--interval', interval)).toContain(line);
  });

  it.each(['30', '0', '-1', '1.5s', '999', '61m', '1h', 'x', '', '30 s', '1e5', '30000;'])(
    'refuses --interval %j: seconds taken for milliseconds, and what is no time',
    async (interval) => {
      expect(await refusal('nginx', `--interval=${interval}`)).toBe(
        '--interval: expected the heartbeat interval between one second and one hour, in milliseconds (30000) ' +
          `or with its unit (30s, 2m), got ${JSON.stringify(interval)}`,
      );
    },
  );

  it.each([
    'ws',
    '',
    '/a b',
    '/a;b',
    '/a{b',
    '/a"b',
    "/a'b",
    '/a\nb',
    '/a`b',
    '/$host',
    '/a#b',
    '/a\\b',
    '/../etc',
    '/a//b',
    '/%0a',
    '/a]]',
    '/é',
    `/${'a'.repeat(2_000)}`,
    `/${'a'.repeat(1_000)}!`,
  ])('refuses --path %j', async (path) => {
    expect(await refusal('openresty', `--path=${path}`)).toMatch(/^--path: expected a path of letters/);
  });

  it.each([
    'localhost',
    '3000',
    ':3000',
    'a b:3000',
    'a;b:3000',
    'a"b:3000',
    'a/b:3000',
    'a\n:3000',
    '$host:3000',
    '127.0.0.1:0',
    '127.0.0.1:65536',
    '127.0.0.1:3000;',
    '300.1.1.1:80',
    '1.2.3:80',
    '::1:3000',
    '[::1%lo]:3000',
    '[x]:3000',
    'user@host:80',
    `${'a'.repeat(300)}:80`,
    'http://127.0.0.1:3000',
  ])('refuses --upstream %j', async (upstream) => {
    expect(await refusal('nginx', `--upstream=${upstream}`)).toMatch(/^--upstream: expected /);
  });

  it.each(['host:80', '0', '99999', '*:80', '127.0.0.1', ' 80', '80;', '80 default_server', '[::1]'])(
    'refuses --listen %j',
    async (listen) => {
      expect(await refusal('haproxy', `--listen=${listen}`)).toMatch(/^--listen: expected /);
    },
  );

  it.each([
    [[], /^For which proxy\? expected one of nginx, openresty, /],
    [['squid'], /^proxy-config: expected one of nginx, .*cloudflare, got "squid"$/],
    [['constructor'], /got "constructor"$/],
    [['nginx', 'caddy'], /got 2 names: nginx, caddy$/],
  ] as const)('refuses %j', async (names, sentence) => {
    expect(await refusal(...names)).toMatch(sentence);
  });

  it('refuses an interval beyond what an Application Load Balancer can wait for', async () => {
    expect(await refusal('aws-alb', '--interval', '30m')).toMatch(/^--interval: expected at most 1600 s/);
  });

  it('warns of an interval that is too long for Cloudflare', async () => {
    expect(await printed('cloudflare', '--interval', '60s')).toContain('THE INTERVAL IS TOO LONG');
    expect(await printed('cloudflare', '--interval', '50s')).toContain('The interval fits');
  });

  it('gives the bridge in Lua a resolver exactly where it has to look a name up', async () => {
    expect(await bridgeTo('app.internal:3000')).toMatch(/^ {2}resolver /m);
    expect(await bridgeTo('localhost:3000')).not.toMatch(/^ {2}resolver /m);
    expect(await bridgeTo('localhost:3000')).toContain('"127.0.0.1", 3000');
    expect(await bridgeTo('[::1]:3000')).not.toMatch(/^ {2}resolver /m);
  });
});

/** Their own check of a file, where there is a command for it. */
const CHECKS: Readonly<Record<string, (file: string) => readonly [string, ...string[]]>> = {
  nginx: (file) => ['/usr/sbin/nginx', '-t', '-q', '-e', 'stderr', '-g', 'error_log stderr;', '-c', file],
  haproxy: (file) => ['/usr/sbin/haproxy', '-c', '-f', file],
  caddy: (file) => ['/usr/bin/caddy', 'adapt', '--config', file, '--adapter', 'caddyfile'],
  'aws-alb': (file) => ['sh', '-n', file],
  cloudflare: (file) => ['sh', '-n', file],
};

describe.each(Object.entries(CHECKS))('%s accepts every kind of address', (name, check) => {
  it.each([
    ['--upstream', '[::1]:3000', '--listen', '[::1]:18080'],
    ['--upstream', '127.0.0.1:3000', '--listen', '18080'],
    ['--upstream', 'localhost:3000', '--listen', '127.0.0.1:18080', '--path', '/a/b-c_d.e~f/'],
  ])('%s %s %s %s', async (...options) => {
    const folder = mkdtempSync(join(tmpdir(), 'proxy-config-'));
    try {
      const file = join(folder, 'config');
      writeFileSync(file, await printed(name, ...options));
      const [program, ...args] = check(file);
      expect(() =>
        execFileSync(program, args, { stdio: 'pipe', env: { ...process.env, HOME: folder } }),
      ).not.toThrow();
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
