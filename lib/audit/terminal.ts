import type { CommandIo } from './command.js';

/** An output stream, as far as the command line needs it. */
interface Output {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

/** Back to the start of the line, and empty it (ECMA-48). */
const ERASE_LINE = '\r\u001b[K';

/** Every control character but the tab and the end of a line. */
// oxlint-disable-next-line no-control-regex
const CONTROLS = /[\x00-\x08\x0b-\x1f\x7f-\x9f]/g;

/** Where a command writes to: results to one stream, everything else to another. */
export class Terminal implements CommandIo {
  private hasProgress = false;

  constructor(
    private readonly results: Output,
    private readonly notes: Output,
  ) {}

  readonly out = (line: string): void => this.print(this.results, line);
  readonly err = (line: string): void => this.print(this.notes, line);

  readonly progress = (text: string): void => {
    if (this.notes.isTTY !== true) return;
    // A line that wraps could not be erased again.
    const width = (this.notes.columns ?? 80) - 1;
    this.notes.write(`${ERASE_LINE}${text.slice(0, width)}`);
    this.hasProgress = text !== '';
  };

  /** Leaves no half line behind. */
  readonly clear = (): void => {
    if (this.hasProgress) this.progress('');
  };

  private print(to: Output, line: string): void {
    this.clear();
    to.write(`${harmless(line)}\n`);
  }
}

/** What others have said (close reasons, headers) must not command the terminal. JSON keeps its meaning. */
function harmless(text: string): string {
  return text.replace(CONTROLS, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
