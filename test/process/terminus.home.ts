import { cpSync, existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';

import { TestProcess } from '../support/process.js';

const root = resolve(import.meta.dirname, '../..');

/** What the package and the app import: in this version of Nest, or in any. */
const OF_NEST = ['@nestjs', 'rxjs', 'reflect-metadata', 'ws'];
const OF_ANY = ['prom-client', 'proxy-addr'];
const SCRIPTS = ['terminus.app.mjs', 'terminus.server.cjs', 'terminus.server.mjs'];

/** How the app is started. */
export interface ServerOrder {
  /** The build of the package that it loads. */
  readonly build: 'esm' | 'cjs';
  /** Whose shutdown hook runs first, where our module is not global. */
  readonly first: 'terminus' | 'ours';
  /** Terminus' `gracefulShutdownTimeoutMs`. */
  readonly terminusMs: number;
  /** Of our module. */
  readonly options: object;
}

/** A folder from which the built package runs on a version of Nest; in this repository it always finds Nest 12. */
export class NestHome {
  private readonly path: string;

  constructor(nest: 11 | 12) {
    if (!existsSync(join(root, 'dist/cjs/index.js')))
      throw new Error('the package is not built: run `npm run build` first');
    this.path = mkdtempSync(join(tmpdir(), `terminus-nest-${nest}-`));
    for (const name of OF_NEST) this.link(name, nest === 11 ? join(root, 'test/nest-11') : root);
    for (const name of OF_ANY) this.link(name, root);
    const own = join(this.path, 'node_modules/nestjs-connection-health');
    for (const part of ['dist', 'package.json'])
      cpSync(join(root, part), join(own, part), { recursive: true });
    for (const script of SCRIPTS) cpSync(join(import.meta.dirname, script), join(this.path, script));
  }

  start({ build, ...order }: ServerOrder): TestProcess {
    const script = join(this.path, `terminus.server.${build === 'esm' ? 'mjs' : 'cjs'}`);
    return TestProcess.start(relative(join(root, 'test'), script), JSON.stringify(order));
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }

  private link(name: string, from: string): void {
    const target = join(this.path, 'node_modules', name);
    mkdirSync(dirname(target), { recursive: true });
    symlinkSync(realpathSync(join(from, 'node_modules', name)), target);
  }
}
