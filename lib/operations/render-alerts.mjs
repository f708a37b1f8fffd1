#!/usr/bin/env node
// Renders alerts.template.yml to standard output. In the template, durations are written as ${30m}.
//
//   node render-alerts.mjs [--scale <number>] [--prefix <text>]
//
//   --scale   multiplies every duration, to see the alerts fire in a minute instead of an hour; default 1
//   --prefix  the `metrics.prefix` of the app, put before every metric's name; default none

import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

/** Milliseconds of Prometheus' units, the longest first. */
const UNITS = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1_000, ms: 1 };

function scaled(duration, scale) {
  const [, count, unit] = /^(\d+)(ms|[dhms])$/.exec(duration) ?? fail(`no duration: ${duration}`);
  const ms = Math.max(1, Math.round(count * UNITS[unit] * scale));
  const [name, size] = Object.entries(UNITS).find(([, each]) => ms % each === 0);
  return `${ms / size}${name}`;
}

function render(template, { scale, prefix }) {
  return template
    .replace(/\$\{([^}]*)\}/g, (_match, duration) => scaled(duration, scale))
    .replace(/\bws_/g, () => `${prefix}ws_`);
}

function fail(message) {
  throw new Error(message);
}

function settings() {
  const options = { scale: { type: 'string', default: '1' }, prefix: { type: 'string', default: '' } };
  const { scale, prefix } = parseArgs({ options }).values;
  if (!(Number(scale) > 0 && Number(scale) < Infinity))
    fail(`--scale must be a number above 0, not "${scale}"`);
  if (!/^([a-zA-Z_:][\w:]*)?$/.test(prefix))
    fail(`--prefix must begin the name of a metric, not "${prefix}"`);
  return { scale: Number(scale), prefix };
}

try {
  const template = readFileSync(new URL('alerts.template.yml', import.meta.url), 'utf8');
  process.stdout.write(render(template, settings()));
} catch (error) {
  process.stderr.write(`render-alerts: ${error.message}\n`);
  process.exitCode = 1;
}
