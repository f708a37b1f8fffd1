import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const SCRIPT = fileURLToPath(new URL('clients.mjs', import.meta.url));
const ANSWER_WITHIN_MS = 30_000;

/** Who connects, and where to. */
export interface Place {
  readonly who: string;
  readonly url: string;
}

/** One client as it sees itself. */
export interface ClientReport extends Place {
  readonly isOpen: boolean;
  /** Of its end, and when that was, milliseconds since the Unix epoch. */
  readonly code?: number;
  readonly at?: number;
}

/** A process full of clients that answer heartbeats and protocol pings as long as they can. */
export class CrowdProcess {
  private constructor(private readonly child: ChildProcess) {}

  /** @param within the command that runs it, for example `ip netns exec name` */
  static start(within: readonly string[] = []): CrowdProcess {
    const [execPath, ...execArgv] = [...within, process.execPath];
    return new CrowdProcess(
      fork(SCRIPT, [], { execPath, execArgv, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] }),
    );
  }

  async connect(places: readonly Place[]): Promise<void> {
    const connected = await this.ask({ connect: places }, 'connected');
    if (connected !== true) throw new Error(`a client could not connect: ${String(connected)}`);
  }

  /** Everybody sends a close frame. */
  async leave(): Promise<void> {
    await this.ask('leave', 'left');
  }

  async report(): Promise<ClientReport[]> {
    return (await this.ask('report', 'report')) as ClientReport[];
  }

  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  async end(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const exited = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await exited;
  }

  private async ask(order: object | string, key: string): Promise<unknown> {
    const answered = once(this.child, 'message', { signal: AbortSignal.timeout(ANSWER_WITHIN_MS) });
    this.child.send(order);
    const [answer] = (await answered) as [Record<string, unknown>];
    if (!(key in answer)) throw new Error(`expected "${key}", got ${JSON.stringify(answer)}`);
    return answer[key];
  }
}
