import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { promisify } from 'node:util';

import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';

import { until } from '../support/wait.js';
import { AlertLog } from './alert.log.js';
import { PrometheusServer } from './prometheus.server.js';
import { renderAlerts } from './promtool.js';

jest.setTimeout(120_000);

/** 30 minutes become 10 s, 20 minutes become 6.7 s. */
const SCALE = 1 / 180;
/** Clients leave for 24 s then, which is longer than an alert needs. */
const INTERVAL_MS = '4000';
/** Built for this test alone: others build the sample as well, while it runs here. */
const BUILT = resolve(`test/operations/dist/quick-start-${process.pid}`);
const ALERT = 'WebSocketGhostsBehindProxy';
/** The gateway that only observes, and whose clients leave behind a proxy that does not tell. */
const LEAKING = { job: 'sample', gateway: 'FeedGateway' };

// Needs the library's build, which `npm test` makes before Jest.
describe('a real Prometheus that scrapes the quick start sample', () => {
  let sample: ChildProcess | undefined;
  let prometheus: PrometheusServer | undefined;
  let output = '';

  beforeAll(async () => {
    await promisify(execFile)(process.execPath, [
      'node_modules/typescript/bin/tsc',
      '--project',
      'sample/01-quick-start',
      '--outDir',
      BUILT,
    ]);
    const env = { ...process.env, NO_COLOR: '1', PORT: '0', QUICK_START_INTERVAL_MS: INTERVAL_MS };
    sample = spawn(process.execPath, [`${BUILT}/main.js`], { env });
    for (const stream of [sample.stdout!, sample.stderr!])
      stream.setEncoding('utf8').on('data', (chunk: string) => (output += chunk));
    await until('the sample says where it is', () => addressIn(output) !== undefined, 30_000);
    const { stdout: rules } = await renderAlerts('--scale', String(SCALE));
    prometheus = await PrometheusServer.start(rules, { sample: addressIn(output)! });
  });

  afterAll(async () => {
    await prometheus?.stop();
    if (sample !== undefined && sample.exitCode === null && sample.signalCode === null) {
      const exited = once(sample, 'exit');
      sample.kill('SIGTERM');
      await exited;
    }
    rmSync(BUILT, { recursive: true, force: true });
  });

  it('tells of the leak that its crowd makes: first pending, then firing', async () => {
    const log = new AlertLog(prometheus!);
    const states = (): string[] => log.statesOf(ALERT, LEAKING);
    await log.until(`${ALERT} is pending`, () => states().length > 0, 40_000);
    expect(states()[0]).toBe('pending');
    await log.until(`${ALERT} fires`, () => states().includes('firing'), 30_000);
    expect(log.of(ALERT, LEAKING).at(-1)!.annotations['summary']).toMatch(
      /^FeedGateway \(sample\): \d{3,} ghosts an hour/,
    );
  });
});

/** From the line that says where the page is. */
function addressIn(text: string): string | undefined {
  return /http:\/\/(127\.0\.0\.1:\d+)\/connection-health\//.exec(text)?.[1];
}
