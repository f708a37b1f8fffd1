import { sleep } from '../support/wait.js';
import type { ActiveAlert, PrometheusServer } from './prometheus.server.js';

/** Everything that was seen to be pending or firing, in the order in which it was. */
export class AlertLog {
  readonly seen: ActiveAlert[] = [];

  constructor(private readonly prometheus: PrometheusServer) {}

  /** What is pending or firing now. */
  async look(): Promise<readonly ActiveAlert[]> {
    const alerts = await this.prometheus.alerts();
    this.seen.push(...alerts);
    return alerts;
  }

  of(name: string, where: Readonly<Record<string, string>>): ActiveAlert[] {
    const wanted = Object.entries({ ...where, alertname: name });
    return this.seen.filter(({ labels }) => wanted.every(([label, value]) => labels[label] === value));
  }

  statesOf(name: string, where: Readonly<Record<string, string>>): ActiveAlert['state'][] {
    return this.of(name, where).map(({ state }) => state);
  }

  /** Looks until something holds. @throws after `withinMs`, naming what was waited for and what was seen */
  async until(
    what: string,
    holds: (now: readonly ActiveAlert[]) => boolean | Promise<boolean>,
    withinMs: number,
  ): Promise<void> {
    const deadline = performance.now() + withinMs;
    while (!(await holds(await this.look()))) {
      if (performance.now() > deadline)
        throw new Error(`waited ${withinMs} ms in vain for: ${what}; seen: ${this.summary()}`);
      await sleep(200);
    }
  }

  private summary(): string {
    const names = this.seen.map(({ state, labels }) => `${labels['alertname']} (${labels['job']}) ${state}`);
    return [...new Set(names)].join(', ');
  }
}
