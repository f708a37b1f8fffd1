import { afterEach, describe, expect, it } from '@jest/globals';
import {
  BadRequestException,
  Controller,
  Get,
  Injectable,
  Module,
  VersioningType,
  type CallHandler,
  type CanActivate,
  type ExecutionContext,
  type INestApplication,
  type PipeTransform,
  type VersioningOptions,
} from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { WsAdapter } from '@nestjs/platform-ws';
import { Test } from '@nestjs/testing';
import { ConnectionHealthModule, type DiagnosticsSnapshot } from 'nestjs-connection-health';
import { map, type Observable } from 'rxjs';

import { MemoryLogger, type TestApp } from '../support/app.js';
import { useApps } from '../support/apps.js';
import { TestClient } from '../support/client.js';
import {
  BlueGateway,
  PLATFORM_NAMES,
  PLATFORMS,
  RedGateway,
  type EveryOption,
} from '../support/diagnostics.app.js';
import { ask } from '../support/http.client.js';
import { KeyGuard, KeysModule } from '../support/key.guard.js';
import { until } from '../support/wait.js';

const OPTIONS: EveryOption = { heartbeat: { intervalMs: 2_000 }, diagnostics: true };

const KEYS = [
  'total_connections',
  'connections_by_age',
  'connections_by_last_activity',
  'findings',
  'gateways',
  'heartbeat',
  'sweep',
  'fleet',
];

/** What an app does to all its own answers, and to all that it is asked. */
class Envelope {
  intercept(_context: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle().pipe(map((data: unknown) => ({ ok: true, data })));
  }
}

class StrictPipe implements PipeTransform {
  transform(): never {
    throw new BadRequestException('this pipe likes nothing');
  }
}

@Controller('own')
class OwnController {
  @Get()
  answer(): object {
    return { mine: true };
  }
}

/** Three clients with something to hide. */
async function crowd({ url }: TestApp): Promise<TestClient[]> {
  const places = ['red?user=ada', 'red?user=bob', 'blue?token=geheim'];
  const clients: TestClient[] = [];
  for (const place of places)
    clients.push(await TestClient.connect(`${url}/${place}`, { headers: { 'user-agent': 'Netscape' } }));
  return clients;
}

describe.each(PLATFORM_NAMES)('the diagnostics endpoint, with %s', (name) => {
  const start = useApps();
  const platform = PLATFORMS[name];

  it('answers with the numbers of the crowd, the keys of the design first and in their order', async () => {
    const app = await start([RedGateway, BlueGateway], OPTIONS, { platform });
    await crowd(app);
    await app.service.sweep();
    const { status, headers, text, json } = await ask(`${app.url}/connection-health`);
    const body = json<DiagnosticsSnapshot>();
    expect(status).toBe(200);
    expect(Object.keys(body)).toEqual(KEYS);
    expect(text).toMatch(
      new RegExp(
        [
          /^\{"total_connections":3,/,
          /"connections_by_age":\{"0-1h":3,"1-6h":0,"6-12h":0,"12-24h":0,"24h\+":0\},/,
          /"connections_by_last_activity":\{"active_last_60s":3,"idle_1-5min":0,"idle_5min\+":0\},"findings":/,
        ]
          .map(({ source }) => source)
          .join(''),
      ),
    );
    expect(body).toMatchObject({
      gateways: {
        RedGateway: { total_connections: 2, opened_total: 2 },
        BlueGateway: { total_connections: 1, opened_total: 1 },
      },
      sweep: { last: { examined: 3, closed: 0 } },
      fleet: { total_connections: 3 },
    });
    expect(headers).toMatchObject({
      'content-type': 'application/json; charset=utf-8',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    });
  });

  it('names no client, whoever is connected and whatever was swept', async () => {
    const options: EveryOption = {
      ...OPTIONS,
      identify: (_client, request) => new URL(request!.url!, 'http://host').searchParams.get('user'),
    };
    const app = await start([RedGateway, BlueGateway], options, { platform });
    await crowd(app);
    await app.service.sweep({ staleAfterMs: 0.001, dryRun: true });
    const [connection] = app.service.connections();
    expect(connection).toMatchObject({ userAgent: 'Netscape', address: '127.0.0.1', identity: 'ada' });
    const { text, json } = await ask(`${app.url}/connection-health`);
    expect(json<DiagnosticsSnapshot>().sweep.last!.examined).toBe(3);
    for (const secret of ['127.0.0.1', '"ada"', 'bob', 'Netscape', 'geheim', '/red', connection!.id])
      expect(text).not.toContain(secret);
  });

  it('serves metrics as Prometheus text, with its content type', async () => {
    const app = await start([RedGateway], OPTIONS, { platform });
    await TestClient.connect(`${app.url}/red`);
    const { status, headers, text } = await ask(`${app.url}/connection-health/metrics`);
    expect(status).toBe(200);
    // Express sorts the parameters.
    expect(headers['content-type']!.split('; ').sort()).toEqual([
      'charset=utf-8',
      'text/plain',
      'version=0.0.4',
    ]);
    expect(headers).toMatchObject({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' });
    expect(text).toMatch(/^ws_connections_active\{gateway="RedGateway"\} 1$/m);
  });

  it('answers HEAD without a body', async () => {
    const app = await start([RedGateway], OPTIONS, { platform });
    for (const path of ['', '/metrics']) {
      const { status, headers, text } = await ask(`${app.url}/connection-health${path}`, { method: 'HEAD' });
      expect([status, text]).toEqual([200, '']);
      expect(headers).toMatchObject({ 'cache-control': 'no-store' });
    }
  });

  it('says why there are no metrics where none are kept', async () => {
    const app = await start([RedGateway], { ...OPTIONS, metrics: false } as EveryOption, { platform });
    const answer = await ask(`${app.url}/connection-health/metrics`);
    expect(answer.status).toBe(404);
    expect(answer.json()).toEqual({
      statusCode: 404,
      error: 'Not Found',
      message: 'No metrics are kept: the option "metrics" of ConnectionHealthModule is false.',
    });
  });

  const DETAILS = [
    ['GET', '/connections'],
    ['GET', '/connections/x'],
    ['DELETE', '/connections/x'],
    ['POST', '/sweep'],
  ] as const;
  it.each([
    ['without the option', {}, [['GET', ''], ['GET', '/metrics'], ...DETAILS]],
    ['with false', { diagnostics: false }, [['GET', ''], ['GET', '/metrics'], ...DETAILS]],
    ['with true', { diagnostics: true }, DETAILS],
    ['without metrics', { diagnostics: { metrics: false } }, [['GET', '/metrics'], ...DETAILS]],
    [
      'elsewhere',
      { diagnostics: { path: 'ops/sockets' } },
      [
        ['GET', ''],
        ['GET', '/metrics'],
      ],
    ],
  ] as const)('has only the routes that were asked for: %s', async (_name, options, missing) => {
    const app = await start([RedGateway], options as EveryOption, { platform });
    for (const [method, path] of missing) {
      const { status, text } = await ask(`${app.url}/connection-health${path}`, { method });
      expect([method, path, status]).toEqual([method, path, 404]);
      // The app's own words for what it does not know, not ours.
      expect(text).toContain(`Cannot ${method}`);
    }
  });

  it('is served where the option says', async () => {
    const options: EveryOption = { diagnostics: { path: '/ops/sockets' } };
    const app = await start([RedGateway], options, { platform });
    expect((await ask(`${app.url}/ops/sockets`)).json()).toMatchObject({ total_connections: 0 });
  });

  it("is not changed by the app's global interceptors and pipes", async () => {
    const options: EveryOption = { diagnostics: { details: true, guards: [{ canActivate: () => true }] } };
    const app = await start([RedGateway], options, {
      platform,
      controllers: [OwnController],
      prepare: (nest) => nest.useGlobalInterceptors(new Envelope()).useGlobalPipes(new StrictPipe()),
    });
    expect((await ask(`${app.url}/own`)).json()).toEqual({ ok: true, data: { mine: true } });
    const url = `${app.url}/connection-health`;
    expect(Object.keys((await ask(url)).json())).toEqual(KEYS);
    expect((await ask(`${url}/metrics`)).text).toMatch(/^# HELP /m);
    expect((await ask(`${url}/connections?limit=1`)).json()).toEqual({ connections: [] });
    expect((await ask(`${url}/connections/x`)).text).toContain('No connection has this id');
    expect((await ask(`${url}/connections/x`, { method: 'DELETE' })).text).toContain('has this id');
    const sweep = await ask(`${url}/sweep`, { method: 'POST', body: { dryRun: true } });
    expect(sweep.json()).toMatchObject({ examined: 0, dryRun: true });
  });

  it.each<[string, VersioningOptions, Record<string, string>]>([
    ['in the path', { type: VersioningType.URI }, {}],
    ['in a header that was not sent', { type: VersioningType.HEADER, header: 'x-version' }, {}],
    ['in a header', { type: VersioningType.HEADER, header: 'x-version' }, { 'x-version': '7' }],
    ['in the media type', { type: VersioningType.MEDIA_TYPE, key: 'v=' }, { accept: 'application/json;v=3' }],
  ])('knows no versions, where the app has them %s, and follows its prefix', async (_name, type, headers) => {
    const app = await start([RedGateway], OPTIONS, {
      platform,
      controllers: [OwnController],
      prepare: (nest) => nest.setGlobalPrefix('api').enableVersioning({ ...type, defaultVersion: '2' }),
    });
    const status = async (path: string): Promise<number> =>
      (await ask(`${app.url}${path}`, { headers })).status;
    expect(await status('/api/connection-health')).toBe(200);
    expect(await status('/api/connection-health/metrics')).toBe(200);
    expect(await status('/connection-health')).toBe(404);
    // What becomes of a controller that says nothing of versions.
    expect(await status('/api/own')).toBe(404);
  });

  it('logs nothing for being asked', async () => {
    const logger = new MemoryLogger();
    const app = await start([RedGateway], OPTIONS, { platform, logger });
    const before = logger.lines.length;
    for (const path of ['', '/metrics', '/connections']) await ask(`${app.url}/connection-health${path}`);
    expect(logger.lines.slice(before)).toEqual([]);
  });

  it("is behind the app's global guards", async () => {
    class Closed implements CanActivate {
      canActivate(): boolean {
        return false;
      }
    }
    const app = await start([RedGateway], OPTIONS, {
      platform,
      providers: [{ provide: APP_GUARD, useClass: Closed }],
    });
    expect((await ask(`${app.url}/connection-health`)).status).toBe(403);
    expect((await ask(`${app.url}/connection-health/metrics`)).status).toBe(403);
  });

  it('belongs to one app: a second one in the process has its own, or none', async () => {
    @Injectable()
    class Closed implements CanActivate {
      canActivate(): boolean {
        return false;
      }
    }
    const elsewhere: EveryOption = { ...OPTIONS, diagnostics: { path: 'elsewhere', guards: [Closed] } };
    const one = await start([RedGateway], OPTIONS, { platform });
    const two = await start([RedGateway], elsewhere, { platform });
    const three = await start([RedGateway], {}, { platform });
    await TestClient.connect(`${two.url}/red`);
    expect((await ask(`${one.url}/connection-health`)).json()).toMatchObject({ total_connections: 0 });
    expect((await ask(`${two.url}/elsewhere`)).status).toBe(403);
    expect((await ask(`${two.url}/connection-health`)).status).toBe(404);
    expect((await ask(`${three.url}/connection-health`)).status).toBe(404);
    expect((await ask(`${one.url}/elsewhere`)).status).toBe(404);
    expect((await ask(`${one.url}/connection-health`)).status).toBe(200);
  });

  describe('with forRootAsync', () => {
    const apps: INestApplication[] = [];
    afterEach(async () => {
      for (const app of apps.splice(0)) await app.close();
    });

    it('takes the extras beside the factory, and guards find what they need in the imports', async () => {
      @Injectable()
      class Config {
        readonly intervalMs = 10_000;
      }
      @Module({ providers: [Config], exports: [Config] })
      class ConfigModule {}
      const module = await Test.createTestingModule({
        imports: [
          ConnectionHealthModule.forRootAsync({
            imports: [ConfigModule, KeysModule],
            inject: [Config],
            useFactory: ({ intervalMs }: Config) => ({ heartbeat: { intervalMs } }),
            diagnostics: { guards: [KeyGuard], details: true },
          }),
        ],
        providers: [RedGateway],
      })
        .setLogger(new MemoryLogger())
        .compile();
      const app = platform === undefined ? module.createNestApplication() : platform(module);
      apps.push(app);
      app.useWebSocketAdapter(new WsAdapter(app));
      await app.listen(0, '127.0.0.1');
      const url = `${await app.getUrl()}/connection-health`;
      expect((await ask(url)).status).toBe(403);
      expect((await ask(url, { headers: { 'x-key': 'sesame' } })).json()).toMatchObject({
        total_connections: 0,
      });
      expect((await ask(`${url}/connections`, { headers: { 'x-key': 'sesame' } })).json()).toEqual({
        connections: [],
      });
    });
  });

  it('tells of a crowd that leaves', async () => {
    const app = await start([RedGateway, BlueGateway], OPTIONS, { platform });
    const clients = await crowd(app);
    clients[0]!.socket.close(1000);
    await until('it is gone', () => app.eventsOf('closed').length === 1);
    const body = (await ask(`${app.url}/connection-health`)).json<DiagnosticsSnapshot>();
    expect(body.total_connections).toBe(2);
    expect(body.gateways['RedGateway']).toMatchObject({ total_connections: 1, closed_total: { clean: 1 } });
  });
});
