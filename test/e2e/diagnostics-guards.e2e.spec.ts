import { RequestMethod, type CanActivate } from '@nestjs/common';
import { describe, expect, it } from '@jest/globals';
import { ConnectionHealthModule, ConnectionHealthOptionsError } from 'nestjs-connection-health';

import { useApps } from '../support/apps.js';
import { PLATFORM_NAMES, PLATFORMS, RedGateway, type EveryOption } from '../support/diagnostics.app.js';
import { ask } from '../support/http.client.js';
import { KeyGuard, keyOf, KeysModule } from '../support/key.guard.js';

/** What an app may make by itself. */
const KEY_GUARD_INSTANCE: CanActivate = { canActivate: (context) => keyOf(context) === 'sesame' };

/** Every route of the module's controllers as Nest maps it, so that none which is added later is forgotten here. */
function routesOf(diagnostics: EveryOption['diagnostics']): { method: string; path: string }[] {
  const { controllers = [] } = ConnectionHealthModule.forRoot({ diagnostics });
  return controllers.flatMap((controller) => {
    const base = Reflect.getMetadata('path', controller) as string;
    const prototype = controller.prototype as Record<string, unknown>;
    return Object.getOwnPropertyNames(prototype).flatMap((name) => {
      const handler = prototype[name] as object;
      if (!Reflect.hasMetadata('method', handler)) return [];
      const path = Reflect.getMetadata('path', handler) as string;
      const method = RequestMethod[Reflect.getMetadata('method', handler) as number]!;
      return [{ method, path: `/${base}/${path}`.replace(/:\w+/g, 'x').replace(/\/+$/, '') }];
    });
  });
}

describe('the guards of the diagnostics endpoint', () => {
  it('are asked for at boot where single connections are served', () => {
    const diagnostics = { details: true };
    expect(() => ConnectionHealthModule.forRoot({ diagnostics })).toThrow(ConnectionHealthOptionsError);
    expect(() => ConnectionHealthModule.forRoot({ diagnostics })).toThrow(
      'ConnectionHealthModule: option "diagnostics.guards": expected at least one guard where details is true: ' +
        'they show who is connected, got an array of 0',
    );
    expect(() =>
      ConnectionHealthModule.forRootAsync({
        useFactory: () => ({}),
        diagnostics: { details: true, guards: [] },
      }),
    ).toThrow(/diagnostics.guards/);
  });

  describe.each(PLATFORM_NAMES)('with %s', (name) => {
    const start = useApps();
    const platform = PLATFORMS[name];

    it.each<[string, EveryOption]>([
      [
        'a class with a dependency',
        { diagnostics: { details: true, guards: [KeyGuard] }, imports: [KeysModule] },
      ],
      ['an instance', { diagnostics: { details: true, guards: [KEY_GUARD_INSTANCE] } }],
    ])('stand before every route: %s', async (_name, options) => {
      const app = await start([RedGateway], options, { platform });
      const routes = routesOf(options.diagnostics);
      expect(routes).toEqual(
        expect.arrayContaining([
          { method: 'GET', path: '/connection-health' },
          { method: 'GET', path: '/connection-health/metrics' },
          { method: 'GET', path: '/connection-health/connections' },
          { method: 'GET', path: '/connection-health/connections/x' },
          { method: 'DELETE', path: '/connection-health/connections/x' },
          { method: 'POST', path: '/connection-health/sweep' },
        ]),
      );
      for (const { method, path } of routes) {
        const refused = await ask(`${app.url}${path}`, { method });
        expect([method, path, refused.status]).toEqual([method, path, 403]);
        expect(refused.text).toContain('Forbidden resource');
      }
      const headers = { 'x-key': 'sesame' };
      expect((await ask(`${app.url}/connection-health`, { headers })).status).toBe(200);
      expect((await ask(`${app.url}/connection-health/connections/x`, { headers })).text).toContain(
        'has this id',
      );
      expect((await ask(`${app.url}/connection-health/sweep`, { headers, method: 'POST' })).status).toBe(200);
    });

    it('are all asked: one that refuses is enough', async () => {
      const guards: CanActivate[] = [{ canActivate: () => true }, { canActivate: () => false }];
      const app = await start([RedGateway], { diagnostics: { guards } } as EveryOption, { platform });
      expect((await ask(`${app.url}/connection-health`)).status).toBe(403);
    });
  });
});
