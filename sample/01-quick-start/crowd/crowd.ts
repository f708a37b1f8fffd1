import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';

import { Injectable, type OnApplicationShutdown } from '@nestjs/common';

import { settings } from '../settings.js';
import type { Report, Route } from './clients.process.js';

const HEALTHY = 6;
/** New ghosts come so often; the last ones have been found by then. */
const ROUND_MS = Math.max(30_000, 6 * settings.intervalMs);
const PROGRAM = new URL('./clients.process.js', import.meta.url);

/** The leak: so many clients leave the feed behind a proxy that does not tell, anew every so often. */
const LEAVING = 60;
const LEAVING_PROGRAM = new URL('./leaving.process.js', import.meta.url);
const LEAK_AFTER_MS = settings.intervalMs;
const LEAVE_EVERY_MS = settings.intervalMs / 10;
const LEAVER_STAYS_MS = 1.5 * settings.intervalMs;
const LEAK_ROUND_MS = 60 * settings.intervalMs;

/** When each kind of ghost falls silent, in heartbeat intervals after it has connected: it has answered once by then. */
const SILENT_AFTER = { frozen: 1.2, cut: 1.6, proxied: 2 };
type GhostRole = keyof typeof SILENT_AFTER;

/** The clients of the sample, in processes of their own. */
@Injectable()
export class Crowd implements OnApplicationShutdown {
  private readonly children = new Set<ChildProcess>();
  private ghosts: ChildProcess[] = [];
  private rounds = 0;
  private leak: ChildProcess | undefined;
  private readonly timers: NodeJS.Timeout[] = [];
  private port = 0;

  /** What the healthy clients say of themselves. */
  healthy = { open: 0, all: HEALTHY };

  start(port: number): void {
    this.port = port;
    // Should this process fail, a stopped child could not notice.
    process.once('exit', () => this.killAll());
    const healthy = this.run('direct', namesOf('healthy', 1, HEALTHY));
    healthy.on('message', ({ open }: Report) => (this.healthy = { open, all: HEALTHY }));
    this.sendGhosts();
    this.timers.push(
      setInterval(() => this.sendGhosts(), ROUND_MS),
      setTimeout(() => this.startLeak(), LEAK_AFTER_MS),
      setInterval(() => this.startLeak(), LEAK_ROUND_MS),
    );
  }

  /** After the app's sockets are gone, and before its process ends. */
  async onApplicationShutdown(): Promise<void> {
    for (const timer of this.timers) clearTimeout(timer);
    const exits = [...this.children].map((child) => once(child, 'exit'));
    this.killAll();
    await Promise.all(exits);
  }

  legend(port: number): string {
    return `
What happens is shown at  http://127.0.0.1:${port}/connection-health/dashboard

A chat on ws://127.0.0.1:${port} and its clients. In the lines below their names are the userAgent.

  healthy-1 to -${HEALTHY}  answer each heartbeat and chat now and then: they stay
  frozen-1, -2     stopped by SIGSTOP after ${silentAfterMs('frozen') / 1_000} s: found as silent
  cut-1, -2        cut off the network after ${silentAfterMs('cut') / 1_000} s, without FIN or RST: found as silent
  proxied-1        gone after ${silentAfterMs('proxied') / 1_000} s, but a proxy keeps its connection and answers protocol pings:
                   found as proxy_answered

A feed on ws://127.0.0.1:${port}/feed closes nobody, it only observes. From ${LEAK_AFTER_MS / 1_000} s on ${LEAVING} clients leave it behind a
proxy that does not tell: a leak, which the page explains after some ${(2 * LEAK_AFTER_MS) / 1_000 + 10} s, and which is swept a minute later.

Look for "heartbeat missed", then "connection closed". A silent one is closed 5 s after its miss, when
nobody has answered the close frame. New ghosts come every ${ROUND_MS / 1_000} s. Ctrl-C ends.
`;
  }

  private startLeak(): void {
    this.leak?.kill('SIGKILL');
    this.leak = this.fork(LEAVING_PROGRAM, [this.port, LEAVING, LEAVE_EVERY_MS, LEAVER_STAYS_MS].map(String));
  }

  private sendGhosts(): void {
    for (const child of this.ghosts) child.kill('SIGKILL');
    const pairs = 2 * this.rounds++ + 1;
    this.ghosts = [
      this.ghost('frozen', 'direct', namesOf('frozen', pairs, 2), (child) => child.kill('SIGSTOP')),
      this.ghost('cut', 'relay', namesOf('cut', pairs, 2), vanish),
      this.ghost('proxied', 'proxy', namesOf('proxied', this.rounds, 1), vanish),
    ];
  }

  private ghost(
    kind: GhostRole,
    route: Route,
    names: string[],
    fallSilent: (child: ChildProcess) => void,
  ): ChildProcess {
    const child = this.run(route, names);
    // Its first message says that all its clients are connected.
    child.once('message', () => {
      setTimeout(fallSilent, silentAfterMs(kind), child).unref();
    });
    return child;
  }

  private run(route: Route, names: string[]): ChildProcess {
    return this.fork(PROGRAM, [route, String(this.port), ...names]);
  }

  private fork(program: URL, args: string[]): ChildProcess {
    const child = fork(program, args);
    this.children.add(child);
    child.once('exit', () => this.children.delete(child));
    return child;
  }

  private killAll(): void {
    // The only signal that also ends a stopped process.
    for (const child of this.children) child.kill('SIGKILL');
  }
}

function silentAfterMs(kind: GhostRole): number {
  return SILENT_AFTER[kind] * settings.intervalMs;
}

function namesOf(kind: string, first: number, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${kind}-${first + index}`);
}

function vanish(child: ChildProcess): void {
  if (child.connected) child.send('vanish');
}
