import { TestProcess } from '../../support/process.js';

/** Which library the clients of a process use, and how. */
export interface PeerKind {
  readonly library: 'ws' | 'socket.io';
  /** Of Socket.IO. */
  readonly transports?: readonly string[];
}

/** Clients in a process of their own, which can be stopped and killed as a real one can. */
export class PeerProcess {
  private constructor(private readonly process: TestProcess) {}

  /** Resolves when all its clients have connected. @throws when they have not within 20 s */
  static async start(kind: PeerKind, url: string, count: number): Promise<PeerProcess> {
    const process = TestProcess.start('drivers/support/peers.mjs', JSON.stringify({ ...kind, url, count }));
    try {
      await process.receive('open', 20_000);
    } catch (error) {
      await process.end();
      throw error;
    }
    return new PeerProcess(process);
  }

  /** It stands still: its kernel goes on to acknowledge what arrives. */
  stop(): void {
    this.process.child.kill('SIGSTOP');
  }

  /** It goes on, and reads what has waited. */
  goOn(): void {
    this.process.child.kill('SIGCONT');
  }

  /** Ends it, running or not; the kernel tells the other side. */
  kill(): Promise<void> {
    return this.process.end();
  }
}
