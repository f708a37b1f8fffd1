import { describe, expect, it } from '@jest/globals';

import { freePort } from '../support/apps.js';
import { diagnostics, layers, stubStatus, text, useFiles, useServers } from './numbers.js';

const serve = useServers();
const fileOf = useFiles();

describe('layers, what cannot be read', () => {
  it('says which address did not answer, and what it said instead', async () => {
    const gateway = await serve(diagnostics(3));
    const what = "the page of nginx' stub_status";
    for (const [url, came] of [
      [`http://127.0.0.1:${await freePort()}`, /connect ECONNREFUSED 127\.0\.0\.1:\d+/],
      [await serve(text('', 404)), /HTTP status 404/],
      [await serve(text('', 401)), /HTTP status 401 \(does it want a password or a token\?\)/],
      [await serve(text('', 302, { location: '/login' })), /HTTP status 302, a redirect to "\/login"/],
      [await serve(text('<html>')), /"<html>"/],
      [await serve((_request, response) => void response.destroy()), /socket hang up/],
    ] as const) {
      const { exitCode, out, err } = await layers(
        '--gateway',
        gateway,
        '--nginx',
        `${url}/status?key=secret`,
      );
      expect({ exitCode, out }).toEqual({ exitCode: 2, out: '' });
      expect(err).toMatch(new RegExp(`^${url}/status\\?…: expected ${what}, got ${came.source}$`));
    }
  });

  it('waits ten seconds for an answer, and not longer', async () => {
    const silent = await serve(() => undefined);
    const { exitCode, err } = await layers('--gateway', silent, '--nginx', silent);
    expect(exitCode).toBe(2);
    expect(err).toMatch(/got no answer within 10 s$/);
  });

  it('reads only so much of an answer', async () => {
    const endless = await serve((_request, response) => {
      const more = (): void => {
        while (!response.destroyed && response.write('x'.repeat(1 << 20)));
      };
      response.on('drain', more);
      more();
    });
    const { exitCode, err } = await layers('--gateway', endless, '--nginx', endless);
    expect(exitCode).toBe(2);
    expect(err).toContain('got more than 16777216 bytes');
  });

  it.each([
    ['{"total_connections":"3"}'],
    ['{"total_connections":3}'],
    ['null'],
    ['[]'],
    ['<!doctype html>'],
    [''],
  ])('refuses %j as the diagnostics of a gateway', async (body) => {
    const url = await serve(text(body));
    const { exitCode, err } = await layers('--gateway', url, '--nginx', await serve(stubStatus(1)));
    expect(exitCode).toBe(2);
    expect(err).toContain(`${url}/: expected the diagnostics of a gateway as JSON`);
    expect(err).toContain(`got ${JSON.stringify(body)}`);
  });

  it('refuses a file that is no table of sockets, and takes an empty table', async () => {
    const gateway = await serve(diagnostics(0));
    const ports = ['--listen-port', '443', '--upstream-port', '3000'];
    const given = (path: string): string[] => ['--gateway', gateway, '--sockets', path, ...ports];
    const wrong = fileOf('Netid\n0 0 10.0.0.1:443 203.0.113.5:50000\n');
    expect((await layers(...given(wrong))).err).toBe(
      `${wrong}: expected the output of ss -tn, got 1 lines that are none of it`,
    );
    expect((await layers(...given('/nowhere/at/all'))).err).toContain('/nowhere/at/all: ENOENT');
    expect((await layers(...given(fileOf('State Recv-Q Send-Q Local Peer\n')))).exitCode).toBe(0);
  });

  it.each([
    [[], /^--gateway: expected the address of the diagnostics/],
    [
      ['--gateway', 'ftp://x', '--nginx', 'http://x'],
      /^--gateway: expected an address that begins with http/,
    ],
    [['--gateway', 'http://x'], /^Compare with what\?/],
    [['--gateway', 'http://x', '--nginx', 'x'], /^--nginx: expected an address/],
    [['--gateway', 'http://x', '--sockets', 'local'], /^--sockets needs --listen-port/],
    [
      ['--gateway', 'http://x', '--sockets', 'local', '--listen-port', '1'],
      /^--sockets needs --upstream-port/,
    ],
    [
      ['--gateway', 'http://x', '--sockets', 'local', '--listen-port', '70000', '--upstream-port', '1'],
      /^--listen-port: expected a number between 0 and 65535, got "70000"/,
    ],
    [
      ['--gateway', 'http://x', '--nginx', 'http://x', '--header', 'secret'],
      /^--header: expected 'Name: value', got something else$/m,
    ],
    [['--gateway', 'http://x', '--nginx', 'http://x', '--tolerance', '-1'], /tolerance/],
    [['--gateway', 'http://x', '--nginx', 'http://x', 'more'], /more/],
  ] as const)('refuses %j', async (args, sentence) => {
    const { exitCode, out, err } = await layers(...args);
    expect({ exitCode, out }).toEqual({ exitCode: 2, out: '' });
    expect(err).toMatch(sentence);
    expect(err).toContain('See: connection-health layers --help');
  });
});
