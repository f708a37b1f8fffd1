import { readFileSync, writeFileSync } from 'node:fs';

import { describe, expect, it } from '@jest/globals';

import { METRICS_CATALOGUE } from '../../lib/metrics/metrics.catalogue.js';
import { metricsDocs, UPDATE_COMMAND } from '../tooling/metrics.docs.js';

const FILE = 'docs/metrics.md';

describe('docs/metrics.md', () => {
  it('is what the catalogue makes of it', () => {
    const text = metricsDocs();
    if (process.env['UPDATE_DOCS'] !== undefined) writeFileSync(FILE, text);
    const told = readFileSync(FILE, 'utf8') === text ? FILE : `${FILE} is old: ${UPDATE_COMMAND}`;
    expect(told).toBe(FILE);
  });

  it('names every metric and none that does not exist', () => {
    const text = readFileSync(FILE, 'utf8').replaceAll('chat_ws_', 'ws_');
    const named = [...text.matchAll(/\bws_\w+/g)].map(([name]) => name.replace(/_(bucket|sum|count)$/, ''));
    expect([...new Set(named)].sort()).toEqual(Object.keys(METRICS_CATALOGUE).sort());
  });
});
