import { afterEach, describe, expect, it } from '@jest/globals';
import {
  BadRequestException,
  Inject,
  Injectable,
  Scope,
  VersioningType,
  type CallHandler,
  type ExecutionContext,
  type INestApplication,
  type PipeTransform,
} from '@nestjs/common';
import { NestFactory, REQUEST } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import helmet from 'helmet';
import { ConnectionHealthModule } from 'nestjs-connection-health';
import { map, type Observable } from 'rxjs';

import type { PageData } from '../../lib/diagnostics/page.data.js';
import { MemoryLogger, type TestApp } from '../support/app.js';
import { useApps } from '../support/apps.js';
import {
  at,
  BlueGateway,
  connect,
  PLATFORM_NAMES,
  PLATFORMS,
  RedGateway,
  type EveryOption,
} from '../support/diagnostics.app.js';
import { ask, type Answer } from '../support/http.client.js';
import { sleep } from '../support/wait.js';

const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'self'";

const ROUTES = ['/dashboard', '/dashboard/main.js', '/dashboard/page.css', '/dashboard/data'];

/** What an app does to all its own answers, and to all that it is asked. */
class Envelope {
  intercept(_context: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle().pipe(map((data: unknown) => ({ ok: true, data })));
  }
}

@Injectable({ scope: Scope.REQUEST })
class RequestScopedGuard {
  constructor(@Inject(REQUEST) private readonly request: unknown) {}

  canActivate(): boolean {
    return this.request !== undefined;
  }
}

async function statusesOf(app: TestApp, paths: readonly string[]): Promise<number[]> {
  return Promise.all(paths.map(async (path) => (await ask(at(app, path))).status));
}

class StrictPipe implements PipeTransform {
  transform(): never {
    throw new BadRequestException('this pipe likes nothing');
  }
}

/** Set on each answer, by whoever sets headers for the whole app. */
function expectOurHeaders({ headers }: Answer): void {
  expect(headers).toMatchObject({
    'content-security-policy': POLICY,
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
  });
}

async function pageData(app: TestApp, query = ''): Promise<PageData> {
  const answer = await ask(at(app, `/dashboard/data${query}`));
  expect(answer).toMatchObject({
    status: 200,
    headers: { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' },
  });
  expectOurHeaders(answer);
  return answer.json<PageData>();
}

describe.each(PLATFORM_NAMES)('the live page on %s', (name) => {
  const startApp = useApps();
  const start = (options: EveryOption = {}, prepare?: (app: INestApplication) => void): Promise<TestApp> => {
    const all: EveryOption = { heartbeat: { intervalMs: 2_000 }, diagnostics: true, ...options };
    return startApp([RedGateway, BlueGateway], all, { platform: PLATFORMS[name], prepare });
  };

  it('comes with what it needs, under its own policy, and is asked for again only if it has changed', async () => {
    const app = await start();
    const page = await ask(at(app, '/dashboard'));
    expect(page).toMatchObject({ status: 200, headers: { 'content-type': 'text/html; charset=utf-8' } });
    const links = [...page.text.matchAll(/(?:href|src)="([^"]+)"/g)].map(([, link]) => `/${link}`);
    expect(links.length).toBeGreaterThan(10);
    for (const path of ['/dashboard', ...links]) {
      const answer = await ask(at(app, path));
      expect([path, answer.status, answer.headers['cache-control']]).toEqual([path, 200, 'no-cache']);
      expect(answer.headers['content-type']).toMatch(
        /^(text\/(html|css|javascript); charset=utf-8|image\/svg\+xml)/,
      );
      expectOurHeaders(answer);
      const etag = answer.headers.etag!;
      for (const known of [etag, `"other", W/${etag}`]) {
        const again = await ask(at(app, path), { headers: { 'if-none-match': known } });
        expect([again.status, again.text]).toEqual([304, '']);
      }
      const other = await ask(at(app, path), { headers: { 'if-none-match': '"other"' } });
      expect([other.status, other.text]).toEqual([200, answer.text]);
    }
  });

  it('counts the clients that there are, and sends only what is new', async () => {
    const app = await start();
    await connect(app, ['red', 'red', 'blue']);
    while ((await pageData(app)).lastHour.length === 0) await sleep(50);
    await sleep(1_000);
    const { snapshot, now, lastHour, lastDay, details, process, at: moment } = await pageData(app);
    expect(snapshot.total_connections).toBe(3);
    expect(snapshot.gateways['RedGateway']?.total_connections).toBe(2);
    expect([now.active, now.opened, now.at]).toEqual([3, 3, moment]);
    expect([lastHour.length, lastDay.length, details]).toEqual([1, 1, false]);
    const later = await pageData(app, `?since=${lastHour[0]!.at}`);
    expect([later.lastHour, later.lastDay, later.process]).toEqual([[], [], process]);
    for (const nonsense of [
      '?since=',
      '?since=abc',
      '?since=Infinity',
      '?since[a]=1',
      '?since=1&since=2',
      '?',
    ])
      expect((await pageData(app, nonsense)).lastHour).toHaveLength(1);
  });

  it('takes one snapshot for all who ask at once', async () => {
    const app = await start();
    const first = await pageData(app);
    await connect(app, ['red']);
    const others = await Promise.all([pageData(app), pageData(app), pageData(app)]);
    for (const other of others) expect(other.snapshot).toEqual(first.snapshot);
  });

  it('is another for each app', async () => {
    const [one, other] = [await start(), await start()];
    await connect(one, ['red']);
    const [first, second] = [await pageData(one), await pageData(other)];
    expect([first.now.active, second.now.active]).toEqual([1, 0]);
    expect(first.process).not.toBe(second.process);
  });

  it('says that single connections are served, where they are', async () => {
    const guards = [{ canActivate: () => true }];
    const app = await start({ diagnostics: { details: true, guards } });
    expect((await pageData(app)).details).toBe(true);
  });

  describe('started as apps are, and not by the testing module', () => {
    const running: INestApplication[] = [];
    const boot = async (diagnostics: EveryOption['diagnostics']): Promise<(path: string) => string> => {
      const module = ConnectionHealthModule.forRoot({ diagnostics });
      const adapter = name === 'Fastify' ? [new FastifyAdapter()] : [];
      const app = await NestFactory.create(module, ...(adapter as []), { logger: new MemoryLogger() });
      running.push(app);
      await app.listen(0, '127.0.0.1');
      const url = await app.getUrl();
      return (path) => `${url}/connection-health${path}`;
    };

    afterEach(async () => {
      for (const app of running.splice(0)) await app.close();
    });

    it('leads from the slash at its end to itself, relatively, since a proxy may have cut the path', async () => {
      const place = await boot(true);
      for (const [path, location] of [
        ['/dashboard/', '../dashboard'],
        ['/dashboard/?token=a/', '../dashboard?token=a/'],
      ] as const) {
        const answer = await ask(place(path));
        expect([answer.status, answer.headers.location]).toEqual([302, location]);
        expectOurHeaders(answer);
      }
    });

    it('serves its files there, and nothing below them', async () => {
      const place = await boot(true);
      expect((await ask(place('/dashboard/main.js'))).status).toBe(200);
      for (const path of [
        '/dashboard/a/main.js',
        '/dashboard/main.js/x',
        '/dashboard/data/x',
        '/dashboard/x/',
      ])
        expect([path, (await ask(place(path))).status]).toEqual([path, 404]);
    });

    it('is behind the guards with a slash at its end, too', async () => {
      const place = await boot({ guards: [{ canActivate: () => false }] });
      for (const route of [...ROUTES, '/dashboard/']) expect((await ask(place(route))).status).toBe(403);
    });
  });

  it('serves no other file', async () => {
    const app = await start();
    const strangers = [
      'nothing.js',
      '__proto__',
      'constructor',
      'toString',
      '..%2f..%2fpackage.json',
      'page.html%00',
    ];
    for (const stranger of strangers)
      expect([stranger, (await ask(at(app, `/dashboard/${stranger}`))).status]).toEqual([stranger, 404]);
  });

  it('comes as it is, whatever the app does to its own answers and questions', async () => {
    const app = await start({}, (each) => {
      each.useGlobalInterceptors(new Envelope());
      each.useGlobalPipes(new StrictPipe());
      each.enableVersioning({ type: VersioningType.URI, defaultVersion: '1' });
    });
    expect((await ask(at(app, '/dashboard'))).text).toMatch(/^<!doctype html>/);
    expect((await ask(at(app, '/dashboard/main.js'))).text).toMatch(/^import /);
    expect((await pageData(app)).snapshot.total_connections).toBe(0);
  });

  it('stays under its own policy behind helmet', async () => {
    const app = await start({}, (each) => each.use(helmet()));
    for (const route of ROUTES) {
      const answer = await ask(at(app, route));
      expect(answer.headers['strict-transport-security']).toBeDefined();
      expectOurHeaders(answer);
    }
  });

  it('is one for all viewers behind a guard that is made for each request', async () => {
    const app = await start({ diagnostics: { guards: [RequestScopedGuard] } });
    expect(await statusesOf(app, ROUTES)).toEqual(ROUTES.map(() => 200));
    const [one, other] = [await pageData(app), await pageData(app)];
    expect([other.process, other.at]).toEqual([one.process, one.at]);
  });

  it('is all behind the guards', async () => {
    const guards = [{ canActivate: () => false }];
    const app = await start({ diagnostics: { guards } });
    for (const route of ROUTES) expect((await ask(at(app, route))).status).toBe(403);
  });

  it.each([
    ['diagnostics: false', { diagnostics: false }],
    ['dashboard: false', { diagnostics: { dashboard: false } }],
  ])('is not there with %s', async (_what, options) => {
    const app = await start(options);
    for (const route of ROUTES) expect((await ask(at(app, route))).status).toBe(404);
  });

  it('is found at the path of the options, below the prefix of the app', async () => {
    const app = await start({ diagnostics: { path: 'ops/sockets' } }, (each) => each.setGlobalPrefix('api'));
    for (const route of ROUTES) expect((await ask(`${app.url}/api/ops/sockets${route}`)).status).toBe(200);
  });
});
