import { spawnSync } from 'node:child_process';

import { describe, expect, it } from '@jest/globals';

import { PAGE_ASSETS } from '../../lib/diagnostics/page/page.assets.js';

const NAMES = Object.keys(PAGE_ASSETS);
const HTML = PAGE_ASSETS['page.html']!.text;

describe('the files of the page that are part of the code', () => {
  it('are up to date with their sources: else run `npm run embed`', () => {
    const check = spawnSync(process.execPath, ['lib/diagnostics/page/embed.mjs', '--check'], {
      encoding: 'utf8',
    });
    expect([check.status, check.stderr]).toEqual([0, '']);
  });

  it('are small', () => {
    const bytes = Object.values(PAGE_ASSETS).reduce((sum, { text }) => sum + Buffer.byteLength(text), 0);
    expect(bytes).toBeLessThan(150_000);
  });

  it('need nothing that the policy forbids: no script, style or handler within the page', () => {
    expect(HTML).not.toMatch(/<style|<script(?![^>]* src=)|\son\w+=|\sstyle=|javascript:/i);
  });

  it('name no other address, but for the names of formats and the origin of the chart library', () => {
    const addresses = Object.values(PAGE_ASSETS).flatMap(
      ({ text }) => text.match(/https?:\/\/[^\s"')]+/g) ?? [],
    );
    expect([...new Set(addresses)]).toEqual([
      'http://www.w3.org/2000/svg',
      'https://github.com/leeoniya/uPlot',
    ]);
  });

  it('are asked for by paths that any prefix may stand before', () => {
    const links = [...HTML.matchAll(/(?:href|src)="([^"]*)"/g)].map(([, link]) => link!);
    expect(links.length).toBeGreaterThan(10);
    for (const link of links) expect(NAMES).toContain(link.replace(/^dashboard\//, ''));
  });

  it('import each other by names that are served', () => {
    for (const [name, { text }] of Object.entries(PAGE_ASSETS)) {
      if (!name.endsWith('.js')) continue;
      const imports = [...text.matchAll(/^import .* from '([^']+)'/gm)].map(([, path]) => path!);
      for (const path of imports) expect(NAMES).toContain(path.replace(/^\.\//, ''));
    }
  });

  it.each(['uplot.js', 'uplot.css'])('keep the licence of the chart library with it: %s', (name) => {
    expect(PAGE_ASSETS[name]!.text).toMatch(/^\/\*!\nThe MIT License[\s\S]+Copyright[\s\S]+WITHOUT WARRANTY/);
  });
});
