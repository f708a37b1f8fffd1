import type { SendCommand } from './redis.client.js';
import type { Script } from './scripts/script.js';

/** Runs scripts by their hash, and by their text where a server does not know them yet. */
export class ScriptRunner {
  constructor(private readonly send: SendCommand) {}

  /** @param keys all of one slot */
  async run({ sha, text }: Script, keys: readonly string[], args: readonly string[]): Promise<unknown> {
    const rest = [String(keys.length), ...keys, ...args];
    try {
      return await this.send(keys[0]!, ['EVALSHA', sha, ...rest]);
    } catch (error) {
      // Restarted, failed over, flushed: each server of a cluster forgets by itself.
      if (!isUnknownScript(error)) throw error;
      return await this.send(keys[0]!, ['EVAL', text, ...rest]);
    }
  }
}

function isUnknownScript(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('NOSCRIPT');
}
