import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { install, pack, run, runTool } from './consumer.js';
import type { Consumer, Tarball } from './consumer.js';

jest.setTimeout(180_000);

const consumers: Consumer[] = [
  { nest: 12, type: 'module' },
  { nest: 12, type: 'commonjs' },
  { nest: 11, type: 'commonjs' },
];

describe('the packed tarball', () => {
  const folder = mkdtempSync(join(tmpdir(), 'connection-health-'));
  let tarball: Tarball;

  beforeAll(async () => {
    tarball = await pack(folder);
  });

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('holds both builds and nothing of the workshop', () => {
    expect(tarball.files).toEqual(
      expect.arrayContaining(['LICENSE', 'dist/esm/index.js', 'dist/cjs/index.js', 'dist/cjs/package.json']),
    );
    const shipped =
      /^(dist\/.+|lib\/operations\/.+|docs\/[\w-]+\.(md|png)|docs\/kubernetes\/[\w-]+\.yaml|package\.json|README\.md|LICENSE|CHANGELOG\.md)$/;
    expect(tarball.files.filter((file) => !shipped.test(file))).toEqual([]);
  });

  it('holds what operators need, where the docs say', () => {
    const operations = tarball.files.filter((file) => file.startsWith('lib/'));
    expect(operations.sort()).toEqual([
      'lib/operations/alerts.template.yml',
      'lib/operations/alerts.yml',
      'lib/operations/grafana-dashboard.json',
      'lib/operations/render-alerts.mjs',
    ]);
  });

  it('holds every file that its README and docs link to', () => {
    const pages = ['README.md', ...tarball.files.filter((file) => /^docs\/.+\.md$/.test(file))];
    const linked = pages.flatMap((page) => {
      const text = readFileSync(page, 'utf8');
      const targets = [...text.matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)].map(([, target]) => target!);
      return targets.map((target) => join(dirname(page), target));
    });
    expect(linked).toContain('docs/metrics.md');
    // Samples, the test kit's sources and benchmarks are in the repository only.
    expect(
      linked.filter((file) => !tarball.files.includes(file) && !/^(sample|test|bench)\//.test(file)),
    ).toEqual([]);
  });

  it('satisfies publint', async () => {
    const result = await runTool(folder, 'publint/src/cli.js', tarball.path, '--strict');
    expect(result).toMatchObject({ status: 0 });
  });

  // The profile leaves out Node 10's resolution, which knows no exports: none of our Nodes uses it.
  it('satisfies attw', async () => {
    const result = await runTool(
      folder,
      '@arethetypeswrong/cli/dist/index.js',
      tarball.path,
      '--profile',
      'node16',
      // A script for pages without modules: nobody imports it.
      '--exclude-entrypoints',
      'client/healthy-websocket.min.js',
    );
    expect(result).toMatchObject({ status: 0 });
  });

  describe.each(consumers)('in a Nest $nest app of type $type', (consumer) => {
    const app = join(folder, `nest-${consumer.nest}-${consumer.type}`);

    beforeAll(() => install(app, consumer, tarball));

    it('compiles', async () => {
      const result = await runTool(app, 'typescript/bin/tsc');
      expect(result).toMatchObject({ status: 0, stdout: '' });
    });

    it('closes the silent client, keeps the answering one and lets the process exit', async () => {
      const result = await run(app, process.execPath, '--disable-warning=ExperimentalWarning', 'out/main.js');
      expect(result).toMatchObject({ status: 0, stderr: '' });
      expect(JSON.parse(result.stdout.trimEnd().split('\n').at(-1) ?? '')).toEqual({
        silentCode: 4001,
        answeringIsOpen: true,
        echoes: ['still here'],
        own: { isOpen: true, saw: '' },
        seen: {
          total: 2,
          assetsAreThere: true,
          store: 'redis',
          timeouts: '1',
          alive: expect.objectContaining({ status: 'up' }) as unknown,
        },
      });
    });
  });
});
