import { execFile } from 'node:child_process';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

const root = resolve(import.meta.dirname, '../..');

/** Compiles a sample into a folder of its own, since other specs build all samples meanwhile. Needs the library's build. */
export async function compileSample(sample: string, out: string): Promise<void> {
  const compiler = join(root, 'node_modules/typescript/bin/tsc');
  await promisify(execFile)(process.execPath, [compiler, '--project', sample, '--outDir', out]);
}
