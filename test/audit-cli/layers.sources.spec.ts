import { describe, expect, it } from '@jest/globals';

import { diagnostics, layers, stubStatus, text, useFiles, useServers } from './numbers.js';

const serve = useServers();
const fileOf = useFiles();

describe('layers, the sources', () => {
  it('passes headers to the gateway and to nobody else, and credentials to whom they are for', async () => {
    const seen: Record<string, string | undefined>[] = [];
    const gateway = await serve((request, response) => {
      seen.push({ gateway: request.headers['authorization'], other: request.headers['x-two'] as string });
      diagnostics(3)(request, response);
    });
    const nginx = await serve((request, response) => {
      seen.push({ nginx: request.headers['authorization'], other: request.headers['x-two'] as string });
      stubStatus(4)(request, response);
    });
    const { exitCode, out } = await layers(
      ...['--gateway', gateway, '--nginx', nginx.replace('//', '//ad%40min:s3cret@')],
      ...['--header', 'Authorization: Bearer t:1', '--header', 'X-Two:2'],
    );
    expect(exitCode).toBe(0);
    expect(seen).toContainEqual({ gateway: 'Bearer t:1', other: '2' });
    expect(seen).toContainEqual({ nginx: `Basic ${btoa('ad@min:s3cret')}`, other: undefined });
    expect(out).not.toMatch(/s3cret|Bearer/);
  });

  it('adds the processes behind a proxy up, and says so when one was not asked', async () => {
    const fleet = { fleet: { nodes: 3 } };
    const [one, two] = [await serve(diagnostics(10, fleet)), await serve(diagnostics(20, fleet))];
    const nginx = await serve(stubStatus(31));
    const { exitCode, out } = await layers('--gateway', one, '--gateway', two, '--nginx', nginx);
    expect(exitCode).toBe(0);
    expect(out).toMatch(/^gateway +30 +0$/m);
    expect(out).toContain('3 processes share its store and 2 were asked');
  });

  it('repeats what the gateway finds itself, without control characters', async () => {
    const findings = [{ signal: 'stale_ratio', message: 'red \u001b[31m alert' }];
    const gateway = await serve(diagnostics(3, { findings }));
    const { out } = await layers('--gateway', gateway, '--nginx', await serve(stubStatus(4)));
    expect(out).toContain('it says itself: stale_ratio: red ?[31m alert');
  });

  it('finds a leak in a table of sockets from a file, with the clients that have left', async () => {
    const table = [
      'State      Recv-Q Send-Q Local Address:Port Peer Address:Port Process',
      'ESTAB      0      0      10.0.0.1:443       203.0.113.5:50000',
      'ESTAB      0      0      [2001:db8::1]:443  [2001:db8::5]:50000',
      ...Array.from({ length: 9 }, (_, n) => `CLOSE-WAIT 1 0 10.0.0.1:443 203.0.113.9:${50_000 + n}`),
      ...Array.from(
        { length: 11 },
        (_, n) => `ESTAB 0 0 10.0.0.1:${40_000 + n} 10.0.0.2:3000 timer:(on,1sec,0)`,
      ),
      'FIN-WAIT-2 0      0      10.0.0.1:40099     10.0.0.2:3000',
      'ESTAB      0      0      10.0.0.1:22        203.0.113.7:443',
    ].join('\n');
    const gateway = await serve(diagnostics(11));
    const ports = ['--listen-port', '443', '--upstream-port', '3000'];
    const given = ['--gateway', gateway, '--sockets', fileOf(table), ...ports];
    const { exitCode, out } = await layers(...given);
    expect(exitCode).toBe(1);
    expect(out).toMatch(/^clients → the proxy +2$/m);
    expect(out).toMatch(/^the proxy → backend +11 +\+9$/m);
    expect(out).toContain('LEAK inside the proxy: 9 connections');
    expect(out).toContain('9 in CLOSE-WAIT: those clients have left');

    const json = JSON.parse((await layers(...given, '--json')).out) as Record<string, unknown>;
    expect(json).toMatchObject({
      layers: [{ name: 'the proxy', clients: 2, backend: 11, clients_gone: 9 }],
      gateway: { total_connections: 11 },
      gaps: [
        { from: 'clients → the proxy', to: 'the proxy → backend', excess: 9 },
        { from: 'the proxy → backend', to: 'gateway', excess: 0 },
      ],
      verdict: { leaking: true, where: 'inside the proxy', excess: 9 },
    });
  });

  it.each([
    ['', 'with statistics of their own', 5 + 7, 4 + 6],
    ['#ws,app', 'of the names behind the #', 5, 4],
  ])('reads the sides of HAProxy%s: all that carry something, %s', async (names, _what, clients, backend) => {
    const rows = [
      '# pxname,svname,scur,req_tot,intercepted,',
      'ws,FRONTEND,5,40,0,',
      'app,app1,4,40,,',
      'app,BACKEND,4,40,,',
      'web,FRONTEND,7,90,3,',
      'pages,BACKEND,6,87,,',
      'stats,FRONTEND,2,9,9,',
      'stats,BACKEND,1,9,,',
    ];
    const haproxy = `${await serve(text(rows.join('\n')))}/;csv${names}`;
    const { out } = await layers('--gateway', await serve(diagnostics(4)), '--haproxy', haproxy);
    expect(out).toMatch(new RegExp(`^clients → haproxy +${clients}$`, 'm'));
    expect(out).toMatch(new RegExp(`^haproxy → backend +${backend} `, 'm'));
  });

  it('does not count its own request where HAProxy serves statistics beside everything else', async () => {
    const rows = ['# pxname,svname,scur,req_tot,intercepted,', 'ws,FRONTEND,5,40,3,', 'app,BACKEND,4,40,,'];
    const haproxy = await serve(text(rows.join('\n')));
    const { out } = await layers('--gateway', await serve(diagnostics(4)), '--haproxy', haproxy);
    expect(out).toMatch(/^clients → haproxy +4$/m);
    expect(
      (await layers('--gateway', await serve(diagnostics(4)), '--haproxy', await serve(text('<html>')))).err,
    ).toContain('expected the statistics of HAProxy as CSV, whose address ends in ;csv, got "<html>"');
  });

  it('reads the sides of Caddy, and says so where metrics are off', async () => {
    const upstreams = JSON.stringify([
      { address: 'a:1', num_requests: 2, fails: 0 },
      { address: 'b:1', num_requests: 3, fails: 0 },
    ]);
    const metrics = [
      'caddy_http_requests_in_flight{handler="subroute",server="srv0"} 9',
      'caddy_http_requests_in_flight{handler="reverse_proxy",server="srv0"} 4',
      'caddy_http_requests_in_flight{handler="reverse_proxy",server="srv1"} 1',
    ];
    const caddy = (page: string): Promise<string> =>
      serve((request, response) => text(request.url === '/metrics' ? page : upstreams)(request, response));
    const gateway = await serve(diagnostics(5));
    const on = await layers('--gateway', gateway, '--caddy', `${await caddy(metrics.join('\n'))}/config/`);
    expect(on.out).toMatch(/^clients → caddy +5$/m);
    expect(on.out).toMatch(/^caddy → backend +5 +0$/m);
    const some = `${await caddy(metrics.join('\n'))}#srv1,a:1`;
    const chosen = await layers('--gateway', gateway, '--caddy', some);
    expect(chosen.out).toMatch(/^clients → caddy +1$/m);
    expect(chosen.out).toMatch(/^caddy → backend +2 /m);
    const off = await layers('--gateway', gateway, '--caddy', await caddy(''));
    expect(off.out).not.toContain('clients → caddy');
    expect(off.out).toContain('metrics are off');
    const wrong = await layers('--gateway', gateway, '--caddy', await serve(text('{}')));
    expect(wrong.err).toMatch(
      /\/reverse_proxy\/upstreams: expected the upstreams of Caddy's control.*got "{}"$/,
    );
  });
});
