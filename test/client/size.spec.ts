import { gzipSync } from 'node:zlib';

import { describe, expect, it } from '@jest/globals';
import { build } from 'esbuild';

const LIMIT = 4_096;

async function bundled(entry: string): Promise<{ minified: number; gzipped: number; inputs: string[] }> {
  const { outputFiles, metafile } = await build({
    entryPoints: [entry],
    bundle: true,
    minify: true,
    target: 'es2022',
    format: entry.endsWith('index.ts') ? 'esm' : 'iife',
    write: false,
    metafile: true,
  });
  const { contents } = outputFiles[0]!;
  const gzipped = gzipSync(contents, { level: 9 }).byteLength;
  return { minified: contents.byteLength, gzipped, inputs: Object.keys(metafile.inputs) };
}

describe('the bundle of the client', () => {
  it(`for a <script> is at most ${LIMIT} bytes, gzipped`, async () => {
    const { minified, gzipped } = await bundled('lib/client/script.ts');
    // For the log of CI.
    console.log(`healthy-websocket.min.js: ${minified} bytes, ${gzipped} gzipped, of ${LIMIT}`);
    expect(gzipped).toBeLessThanOrEqual(LIMIT);
  });

  it('has nothing in it but the client and the wire', async () => {
    const { inputs } = await bundled('lib/client/index.ts');
    expect(inputs.filter((path) => !/^lib\/(client|protocol)\//.test(path))).toEqual([]);
  });
});
