import { byId, mark, write } from './dom.js';
import { exactTime } from './words.js';

/** How long a process is remembered, to notice answers that alternate between several. */
const REMEMBERED_MS = 60_000;

/** How fresh the numbers are, and whose. */
export class StatusView {
  private readonly status = byId('status');
  private readonly processes = new Map<string, number>();
  private current: string | undefined;
  private alternatedAt = -Infinity;

  live(process: string): void {
    const now = performance.now();
    // One that was here before the last one: not a restart, but a load balancer in between.
    if (process !== this.current && this.processes.has(process)) this.alternatedAt = now;
    this.current = process;
    this.processes.set(process, now);
    for (const [id, at] of this.processes) if (now - at > REMEMBERED_MS) this.processes.delete(id);
    if (now - this.alternatedAt < REMEMBERED_MS)
      this.say('mixed', `Live, but from ${this.processes.size} processes in turn: ask one directly`);
    else this.say('live', `Live, ${exactTime(Date.now())}`);
  }

  paused(): void {
    this.say('paused', `Paused at ${exactTime(Date.now())}`);
  }

  lost(): void {
    this.say('lost', 'Connection lost');
  }

  private say(state: string, text: string): void {
    mark(this.status, 'data-state', state);
    write(this.status, text);
  }
}
