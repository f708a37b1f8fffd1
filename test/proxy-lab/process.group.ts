import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';

import { sleep } from '../support/wait.js';
import { processesOf } from './process.list.js';

const OUTPUT_KEPT = 8_192;
const LOOK_EVERY_MS = 20;

/** Ends the group and takes its folder away as soon as whoever holds the other end of its input is gone. */
const WATCH = 'read -r never; kill -s KILL -- "-$1"; rm -rf -- "$2"';

/**
 * A program and all the processes it starts, in a session of their own, so that none is missed at the end and Ctrl-C in
 * a terminal reaches none. They end with this process, also when it is killed: a shell waits for that beside them.
 */
export class ProcessGroup {
  private text = '';
  private readonly child: ChildProcess;
  private readonly watch: ChildProcess | undefined;

  /** @param folder goes with the processes if this process dies */
  constructor([program, ...args]: readonly [string, ...string[]], folder: string, env: NodeJS.ProcessEnv) {
    this.child = spawn(program, args, {
      cwd: folder,
      env,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.child.on('error', (error) => (this.text += error.message));
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.on('data', (data) => (this.text = (this.text + String(data)).slice(-OUTPUT_KEPT)));
    }
    this.watch = this.child.pid === undefined ? undefined : watchOver(this.child.pid, folder);
  }

  /** @throws Error if the program could not be started at all */
  get pid(): number {
    if (this.child.pid === undefined) throw new Error(this.text);
    return this.child.pid;
  }

  /** The last of what it printed. */
  get output(): string {
    return this.text;
  }

  get mainHasEnded(): boolean {
    return this.child.pid === undefined || hasEnded(this.child);
  }

  members(): number[] {
    return this.child.pid === undefined ? [] : processesOf(this.child.pid);
  }

  /** To the main process. */
  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  /** SIGTERM to the main process; SIGKILL to all that are left when `withinMs` have passed. */
  async end(withinMs: number): Promise<void> {
    this.signal('SIGTERM');
    const deadline = performance.now() + withinMs;
    // Some take long on purpose: Apache waits for its children, and those for their connections.
    while (this.members().length > 0 && performance.now() < deadline) await sleep(LOOK_EVERY_MS);
    await this.kill();
  }

  async kill(): Promise<void> {
    // Again and again: one of them may have been about to start another.
    while (this.killMembers() > 0) await sleep(LOOK_EVERY_MS);
    if (!this.mainHasEnded) await once(this.child, 'exit');
    if (this.watch === undefined || hasEnded(this.watch)) return;
    this.watch.ref();
    const exited = once(this.watch, 'exit');
    this.watch.kill('SIGKILL');
    await exited;
  }

  private killMembers(): number {
    const members = this.members();
    for (const pid of members) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It has just ended.
      }
    }
    return members.length;
  }
}

function watchOver(leader: number, folder: string): ChildProcess {
  const watch = spawn('sh', ['-c', WATCH, 'watch', String(leader), folder], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  watch.unref();
  return watch;
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}
