import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';

import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { ConnectionHealthService } from 'nestjs-connection-health';
import { filter, first, last, take } from 'rxjs';

import { Narrator } from '../narrator.js';
import { settings } from '../settings.js';
import type { Order, Told } from './client.process.js';

const PROGRAM = new URL('./client.process.js', import.meta.url);
const NAMES = ['ada', 'finn', 'tess'] as const;

/** When the trouble begins, after all have come: everybody has answered by then. */
const TROUBLE_AFTER_MS = 1.5 * settings.intervalMs;
/** How long the network is still away when the server has noticed. */
const STILL_AWAY_MS = settings.intervalMs;

/** The app may be closed before it has come to that. */
const nothing = (): void => undefined;

/** The clients of the sample, each in a process of its own, and what happens to them. */
@Injectable()
export class Play implements OnApplicationShutdown {
  private readonly clients = new Map<string, ChildProcess>();
  private readonly timers: NodeJS.Timeout[] = [];

  constructor(
    private readonly narrator: Narrator,
    private readonly health: ConnectionHealthService,
  ) {}

  start(port: number): void {
    // Should this process fail, a stopped child could not notice.
    process.once('exit', () => this.killAll());
    this.health.events$
      .pipe(
        filter(({ type }) => type === 'identified'),
        take(NAMES.length),
        last(),
      )
      .subscribe({ next: () => this.later(TROUBLE_AFTER_MS, () => this.makeTrouble()), error: nothing });
    for (const name of NAMES) this.clients.set(name, this.fork(name, port));
  }

  /** After the app's sockets are gone, and before its process ends. */
  async onApplicationShutdown(): Promise<void> {
    for (const timer of this.timers) clearTimeout(timer);
    const exits = [...this.clients.values()].map((child) => once(child, 'exit'));
    this.killAll();
    await Promise.all(exits);
  }

  legend(port: number): string {
    return `
Socket.IO at http://127.0.0.1:${port} with the namespaces chat and news, and three clients, each in a process of its own.
What happens is also shown at http://127.0.0.1:${port}/connection-health/dashboard

  ada    is healthy: she stays
  finn   is stopped by SIGSTOP ${TROUBLE_AFTER_MS / 1_000} s after all have come: a ghost
  tess   loses her network then, without FIN or RST. She is a ghost, too. When it is back, she comes back by
         herself, and her session is recovered: with every headline that she has missed

Ctrl-C ends: everybody is sent away first.
`;
  }

  private makeTrouble(): void {
    this.narrator.tell('play', 'finn is stopped');
    this.clients.get('finn')?.kill('SIGSTOP');
    this.narrator.tell('play', 'tess has no network');
    this.order('tess', 'cut');
    this.health.events$
      .pipe(first((event) => event.type === 'closed' && event.connection.identity === 'tess'))
      .subscribe({ next: () => this.later(STILL_AWAY_MS, () => this.healTess()), error: nothing });
  }

  private healTess(): void {
    this.narrator.tell('play', 'tess has her network back');
    this.order('tess', 'heal');
  }

  private order(name: string, order: Order): void {
    this.clients.get(name)?.send(order);
  }

  private later(ms: number, run: () => void): void {
    this.timers.push(setTimeout(run, ms));
  }

  private fork(name: string, port: number): ChildProcess {
    const child = fork(PROGRAM, [name, String(port), String(settings.intervalMs)]);
    child.on('message', (told: Told) => this.narrator.tell(name, told));
    child.once('exit', () => this.clients.delete(name));
    return child;
  }

  private killAll(): void {
    // The only signal that also ends a stopped process.
    for (const child of this.clients.values()) child.kill('SIGKILL');
  }
}
