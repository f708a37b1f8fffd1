/** Where a command writes to, and what it may assume of it. */
export interface CommandIo {
  /** Results, a line. */
  readonly out: (line: string) => void;
  /** Errors and what is meant for a human who waits, a line. */
  readonly err: (line: string) => void;
  /** Shows what is being done at present in the last line of a terminal; nothing where there is none. */
  readonly progress: (text: string) => void;
}

/** One command of `connection-health`. */
export interface Command {
  /** The word on the command line. */
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /** The whole help. */
  readonly usage: string;
  /**
   * @param args what stands behind the name
   * @returns the exit code: 0 for all well, 1 for trouble found
   * @throws UsageError for arguments that cannot be used
   */
  run(args: readonly string[], io: CommandIo): Promise<number>;
}

/** The command line cannot be used: the exit code is 2, the message names what was expected and what came. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
