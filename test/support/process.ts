import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';

/** A child process that is talked to by IPC. */
export class TestProcess {
  private readonly inbox: object[] = [];
  private wake: () => void = () => undefined;

  private constructor(readonly child: ChildProcess) {
    child.on('message', (message) => {
      this.inbox.push(message as object);
      this.wake();
    });
  }

  /** @param script path below `test/` */
  static start(script: string, ...args: string[]): TestProcess {
    const path = new URL(`../${script}`, import.meta.url);
    return new TestProcess(fork(path, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] }));
  }

  send(message: object | string): void {
    this.child.send(message);
  }

  /** The next message that has a key; others are dropped. */
  async receive<Value>(key: string, withinMs = 30_000): Promise<Value> {
    const deadline = performance.now() + withinMs;
    for (;;) {
      const message = this.inbox.shift();
      if (message === undefined) await this.arrival(deadline, key);
      else if (key in message) return (message as Record<string, Value>)[key]!;
    }
  }

  async ask<Value>(order: object | string, key: string, withinMs?: number): Promise<Value> {
    this.send(order);
    return this.receive<Value>(key, withinMs);
  }

  /** Stops the process for a while, as a suspended container is. */
  async freeze(ms: number): Promise<void> {
    this.child.kill('SIGSTOP');
    await new Promise((resolve) => setTimeout(resolve, ms));
    this.child.kill('SIGCONT');
  }

  async end(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const exited = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await exited;
  }

  private arrival(deadline: number, key: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`no message with "${key}" came in time`)),
        deadline - performance.now(),
      );
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
