import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

import { Injectable } from '@nestjs/common';

const PROGRAM = fileURLToPath(new URL('./freezer.process.js', import.meta.url));

/** Freezes this process, as a suspended container or a machine without memory is: connections stay, nobody answers. */
@Injectable()
export class Freezer {
  freeze(ms: number): void {
    // A stopped process cannot wake itself.
    spawn(process.execPath, [PROGRAM, String(process.pid), String(ms)], { stdio: 'ignore' });
  }
}
