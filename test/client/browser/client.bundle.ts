import { resolve } from 'node:path';

import { buildSync } from 'esbuild';

const root = resolve(import.meta.dirname, '../../..');

/**
 * A script for a page, minified as the published one is.
 *
 * @param entry below the root of the repository
 */
export function bundle(entry: string): string {
  const { outputFiles } = buildSync({
    absWorkingDir: root,
    entryPoints: [entry],
    bundle: true,
    minify: true,
    target: 'es2022',
    write: false,
    logLevel: 'warning',
  });
  return outputFiles[0]!.text;
}
