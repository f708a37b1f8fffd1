// Makes docs/dashboard.png, the picture in the README: the page of the built package, shown a leak. Letters are those of
// the machine; the picture that is kept was made where fontconfig gives Inter (Debian's fonts-inter) for `system-ui`.
//
//   npm run build && node test/dashboard/screenshot.mjs [leak|healthy] [file] [--dark] [--width=1280] [--details] [--hour] [--full]
import 'reflect-metadata';

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { Controller, Get } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { chromium } from 'playwright-core';

import { DIAGNOSTICS_SOURCE } from '../../dist/esm/connection-health.tokens.js';
import { livePage } from '../../dist/esm/diagnostics/page/page.controller.js';
import { CHROMIUM } from './chromium.mjs';
import { smaller } from './smaller.png.mjs';
import { healthy, leak } from './stories.mjs';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    dark: { type: 'boolean' },
    details: { type: 'boolean' },
    hour: { type: 'boolean' },
    full: { type: 'boolean' },
    width: { type: 'string', default: '1280' },
  },
});
const [name = 'leak', file = 'docs/dashboard.png'] = positionals;

// The afternoon of some day, so that the picture is the same whenever it is made.
const story = (name === 'leak' ? leak : healthy)(Date.UTC(2026, 2, 3, 14, 40));
const source = {
  snapshot: () => story.snapshot,
  sample: () => story.sample,
  history: () => story.history,
};

class ConnectionsController {
  list() {
    return { connections: story.connections };
  }
}
Controller('connection-health')(ConnectionsController);
Get('connections')(ConnectionsController.prototype, 'list', {
  value: ConnectionsController.prototype.list,
});

class StoryModule {}
const page = livePage({ path: 'connection-health', guards: [], details: Boolean(values.details) });
const app = await NestFactory.create(
  {
    module: StoryModule,
    controllers: [page.controller, ConnectionsController],
    providers: [{ provide: DIAGNOSTICS_SOURCE, useValue: source }, page.provider],
  },
  { logger: ['error'] },
);
await app.listen(0, '127.0.0.1');

const profile = mkdtempSync(join(tmpdir(), 'dashboard-'));
const browser = await chromium.launchPersistentContext(profile, {
  ...CHROMIUM,
  viewport: { width: Number(values.width), height: 900 },
  colorScheme: values.dark ? 'dark' : 'light',
  timezoneId: 'UTC',
});
try {
  const tab = browser.pages()[0];
  await tab.clock.setFixedTime(story.sample.at);
  await tab.goto(`${await app.getUrl()}/connection-health/dashboard`);
  await tab.locator('#status[data-state=live]').waitFor();
  if (!values.hour) await tab.getByText('24 h', { exact: true }).click();
  await tab.waitForTimeout(800);
  // What is below the charts is for who looks at the page itself.
  const { y, height } = await tab.locator('.charts').boundingBox();
  const clip = { x: 0, y: 0, width: Number(values.width), height: Math.ceil(y + height) + 20 };
  const picture = await tab.screenshot({ fullPage: true, ...(values.full ? {} : { clip }) });
  writeFileSync(file, smaller(picture));
} finally {
  await browser.close();
  await app.close();
  rmSync(profile, { recursive: true, force: true });
}
