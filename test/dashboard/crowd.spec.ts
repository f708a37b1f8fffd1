import 'reflect-metadata';

import type { IncomingMessage } from 'node:http';

import { afterEach, describe, expect, it, jest } from '@jest/globals';
import helmet from 'helmet';
import { WebSocketGateway } from '@nestjs/websockets';

import type { TestApp } from '../support/app.js';
import { useApps } from '../support/apps.js';
import { TestClient } from '../support/client.js';
import type { EveryOption } from '../support/diagnostics.app.js';
import { FakeClock } from '../../lib/testing/index.js';
import { strippingProxy } from './stripping.proxy.js';
import { bar, eventually, row, tile, useViewers } from './viewer.js';

jest.setTimeout(60_000);

@WebSocketGateway({ path: '/red' })
class RedGateway {}

@WebSocketGateway({ path: '/blue' })
class BlueGateway {}

const GATEWAYS = [RedGateway, BlueGateway];
const QUIET: EveryOption = { heartbeat: { intervalMs: 1_000 }, diagnostics: true };
const GUARD = { canActivate: () => true };
const EVIL = '<img src=x onerror="alert(1)"><script>alert(2)</script>';

function userAgentOf(_client: object, request: IncomingMessage | undefined): unknown {
  return request?.headers['user-agent'];
}

function crowd({ url }: TestApp, path: string, size: number, userAgent = 'crowd'): Promise<TestClient[]> {
  const headers = { 'user-agent': userAgent };
  return Promise.all(Array.from({ length: size }, () => TestClient.connect(url + path, { headers })));
}

function pageOf({ url }: TestApp, path = '/connection-health/dashboard'): string {
  return url.replace('ws:', 'http:') + path;
}

describe('the live page of an app with a crowd', () => {
  const view = useViewers();
  const closers: (() => void)[] = [];

  afterEach(() => {
    for (const close of closers.splice(0)) close();
  });
  const start = useApps();

  it('shows as many as there are, and follows when some leave', async () => {
    const started = await start(GATEWAYS, { ...QUIET, identify: userAgentOf });
    const leaving = await crowd(started, '/red', 4, 'leaver');
    await crowd(started, '/blue', 3, 'stayer');
    const { page, troubles, requests } = await view(pageOf(started));

    await eventually('active', () => tile(page, 'Active connections'), '7');
    expect(await page.locator('.tile', { hasText: 'Active' }).locator('.note').textContent()).toBe(
      '2 identities',
    );
    expect(await bar(page, 'bars-age', 'under 1 h')).toBe(7);
    expect(await bar(page, 'bars-idle', 'within 60 s')).toBe(7);
    expect(await row(page, 'gateways', 'RedGateway')).toMatchObject({
      Active: '4',
      Opened: '4',
      Closed: '0',
    });
    expect(await row(page, 'gateways', 'BlueGateway')).toMatchObject({ Active: '3', Identities: '1' });
    expect(await page.locator('#chart-active .legend').textContent()).toContain('active 7');
    expect(await page.locator('#verdict-title').textContent()).toBe('Healthy');

    for (const client of leaving) client.socket.close();
    await eventually('active', () => tile(page, 'Active connections'), '3');
    await eventually(
      'the row',
      () => row(page, 'gateways', 'RedGateway'),
      (red) => red['Closed'] === '4',
    );
    expect(await row(page, 'gateways', 'RedGateway')).toMatchObject({ Active: '0', Opened: '4' });
    expect(await page.locator('#chart-active .legend').textContent()).toContain('active 3');
    expect(await bar(page, 'bars-idle', 'within 60 s')).toBe(3);
    expect(troubles).toEqual([]);
    expect(requests.filter((url) => !url.startsWith(pageOf(started, '/')))).toEqual([]);
  });

  it('counts the ghosts that it finds, and says how quickly the living answer', async () => {
    const started = await start(GATEWAYS, { ...QUIET, heartbeat: { intervalMs: 500 } });
    await crowd(started, '/red', 2);
    for (const client of await crowd(started, '/red', 3)) client.freeze();
    const { page } = await view(pageOf(started));
    await eventually('ghosts', () => tile(page, 'Ghosts found'), '3');
    await eventually('active', () => tile(page, 'Active connections'), '2');
    const silent = await bar(page, 'bars-ghosts', 'silent');
    expect(silent).toBe(3);
    expect(await tile(page, 'Heartbeat latency')).toMatch(/^\d+(\.\d)? ms$/);
    expect(await page.locator('#chart-flow .legend').textContent()).toContain('heartbeat timeout');
  });

  it('calls a leak a leak', async () => {
    const clock = new FakeClock();
    const options: EveryOption = {
      heartbeat: { intervalMs: 30_000, enforce: 'observe' },
      leak: { minSample: 20 },
      diagnostics: true,
      clock,
    };
    const started = await start(GATEWAYS, { ...options, drain: false });
    for (const client of await crowd(started, '/red', 30)) client.freeze();
    await crowd(started, '/red', 6);
    await clock.advance(400_000);
    const { page } = await view(pageOf(started));
    await eventually(
      'the verdict',
      async () => (await page.locator('#verdict-title').textContent()) ?? '',
      'Leak: 30 of 36 connections are stale',
    );
    expect(await tile(page, 'Silent for 5 min or more')).toBe('30');
    expect(await bar(page, 'bars-idle', '5 min ago or more')).toBe(30);
    expect(await page.locator('#findings').textContent()).toContain('stale_ratio');
    expect(await page.title()).toBe('Leak: 30 of 36 connections are stale · Connection health');
  });

  it('shows what clients call themselves as text, and nothing of it runs', async () => {
    const diagnostics = { details: true, guards: [GUARD] };
    const options: EveryOption = { ...QUIET, diagnostics, identify: userAgentOf };
    const started = await start(GATEWAYS, options);
    await crowd(started, '/red', 2, EVIL);
    const { page, troubles } = await view(pageOf(started));
    const cells = page.locator('#connections td', { hasText: EVIL });
    await eventually('cells with the text', () => cells.count(), 4);
    expect(await cells.first().textContent()).toBe(EVIL);
    expect(await page.locator('main img, main script').count()).toBe(0);
    expect(troubles).toEqual([]);
  });

  it('asks for no single connection where none may be shown', async () => {
    const started = await start(GATEWAYS, QUIET);
    await crowd(started, '/red', 1);
    const { page, requests } = await view(pageOf(started));
    await eventually('active', () => tile(page, 'Active connections'), '1');
    expect(await page.locator('#connections-section').isVisible()).toBe(false);
    expect(requests.filter((url) => url.includes('/connections?'))).toEqual([]);
  });

  it('works behind helmet', async () => {
    const started = await start(GATEWAYS, QUIET, { prepare: (app) => app.use(helmet()) });
    await crowd(started, '/red', 2);
    const { page, troubles } = await view(pageOf(started));
    await eventually('active', () => tile(page, 'Active connections'), '2');
    expect(await page.locator('canvas').count()).toBe(3);
    expect(troubles).toEqual([]);
  });

  it('works behind a global prefix and a proxy that strips a path, with or without a slash at the end', async () => {
    const started = await start(GATEWAYS, QUIET, { prepare: (app) => app.setGlobalPrefix('api/v1') });
    await crowd(started, '/red', 2);
    const { server, url } = await strippingProxy(pageOf(started, ''));
    closers.push(() => (server.close(), server.closeAllConnections()));
    for (const slash of ['', '/']) {
      const { page, troubles, requests } = await view(`${url}/api/v1/connection-health/dashboard${slash}`);
      await eventually('active', () => tile(page, 'Active connections'), '2');
      expect(page.url()).toBe(`${url}/api/v1/connection-health/dashboard`);
      expect(requests.filter((each) => !each.startsWith(`${url}/`))).toEqual([]);
      expect(troubles).toEqual([]);
    }
  });
});
