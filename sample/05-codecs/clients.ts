import { fork, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';

import { Injectable, type OnApplicationShutdown } from '@nestjs/common';

import { settings } from './settings.js';

/** Both clients, each in a process of its own, so that it can be stopped as a laptop is when its lid is shut. */
@Injectable()
export class Clients implements OnApplicationShutdown {
  private processes: ChildProcess[] = [];

  start(port: number): void {
    const args = [`ws://127.0.0.1:${port}`, String(settings.intervalMs)];
    this.processes = ['phoenix', 'signalr'].map((name) =>
      fork(join(import.meta.dirname, `${name}.client.js`), args),
    );
  }

  signal(signal: NodeJS.Signals): void {
    for (const client of this.processes) client.kill(signal);
  }

  onApplicationShutdown(): void {
    this.signal('SIGKILL');
  }
}
