import type {
  ConnectionHealthModuleOptions,
  ConnectionSnapshot,
  LifecycleEvent,
} from 'nestjs-connection-health';

import { TestProcess } from '../../support/process.js';
import { untilReport } from '../support/until.report.js';

/** What the server knows. */
export interface ServerReport {
  readonly connections: readonly ConnectionSnapshot[];
  /** TCP connections, tracked or not. */
  readonly sockets: number;
  readonly events: readonly LifecycleEvent[];
  /** What was said in the chat. */
  readonly messages: readonly string[];
}

/** A Nest app with the module and a chat, in a process of its own. */
export class ChatServer {
  private constructor(
    private readonly process: TestProcess,
    readonly port: number,
  ) {}

  /** @param port of a server that is gone, to take its place */
  static async start(options: Omit<ConnectionHealthModuleOptions, 'clock'>, port = 0): Promise<ChatServer> {
    const child = TestProcess.start('client/browser/chat.server.mjs', String(port), JSON.stringify(options));
    return new ChatServer(child, await child.receive<number>('port'));
  }

  get url(): string {
    return `ws://127.0.0.1:${this.port}`;
  }

  report(): Promise<ServerReport> {
    return this.process.ask('report', 'report');
  }

  /** Resolves with the report as soon as it says so. @throws after `withinMs`, with the last one */
  until(what: string, holds: (report: ServerReport) => boolean, withinMs?: number): Promise<ServerReport> {
    return untilReport(() => this.report(), what, holds, withinMs);
  }

  stop(): void {
    this.process.child.kill('SIGSTOP');
  }

  continue(): void {
    this.process.child.kill('SIGCONT');
  }

  /** Ends it without a word to anybody. */
  kill(): Promise<void> {
    return this.process.end();
  }
}
