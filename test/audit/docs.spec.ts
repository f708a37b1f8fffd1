import { readdirSync, readFileSync } from 'node:fs';

import { describe, expect, it } from '@jest/globals';

import { AUDIT_BOUNDS } from '../../lib/audit/gateway/audit.settings.js';
import { AUDIT_ROWS } from '../../lib/audit/report/audit.rows.js';
import { reportOn } from '../../lib/audit/report/audit.report.js';
import { factsWith } from './support/facts.js';

const VERDICT = 'lib/audit/verdict';
const docs = readFileSync('docs/audit.md', 'utf8');
const explained = docs.slice(docs.indexOf('## What each line means'));

describe('docs/audit.md', () => {
  it('explains every problem', () => {
    const texts = readdirSync(VERDICT).map((file) => readFileSync(`${VERDICT}/${file}`, 'utf8'));
    const codes = texts.flatMap((text) => [...text.matchAll(/code: '(\w+)'/g)].map(([, code]) => code!));
    expect(codes.length).toBeGreaterThan(15);
    expect(codes.filter((code) => !explained.includes(`\`${code}\``))).toEqual([]);
  });

  it('explains every line of the table', () => {
    const labels = AUDIT_ROWS.map(({ label }) => label).filter((label) => !label.startsWith('round trip'));
    expect(labels.filter((label) => !explained.includes(`\`${label}\``))).toEqual([]);
  });

  it('names every key of the JSON', () => {
    const report = reportOn(factsWith(), null);
    const keys = [...Object.keys(report), ...Object.keys(report.path), ...Object.keys(report.verdict)];
    expect(keys.filter((key) => !new RegExp(`\\b${key}\\b`).test(explained))).toEqual([]);
  });

  it('tells the bounds as they are', () => {
    const { wrongTokensPerMinute, sessionsPerMinute, openSessions, rememberedSessions } = AUDIT_BOUNDS;
    expect(docs).toContain(`| wrong tokens | ${wrongTokensPerMinute} in a minute`);
    expect(docs).toContain(`| sessions | ${sessionsPerMinute} in a minute, ${openSessions} open at once |`);
    expect(docs).toContain(`| sessions remembered after their end | ${rememberedSessions} |`);
  });
});
