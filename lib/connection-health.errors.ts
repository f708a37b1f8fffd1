/** An option that cannot be used. Stops the boot. */
export class ConnectionHealthOptionsError extends Error {
  override readonly name = 'ConnectionHealthOptionsError';
  readonly code = 'INVALID_OPTION';

  constructor(
    /** Path of the option, for example `heartbeat.intervalMs`. */
    readonly option: string,
    readonly expected: string,
    got: unknown,
  ) {
    super(`ConnectionHealthModule: option "${option}": expected ${expected}, got ${inWords(got)}`);
  }
}

/** Something that cannot be watched as it is. Stops the boot, or is thrown by `watch()`. */
export class ConnectionHealthSetupError extends Error {
  override readonly name = 'ConnectionHealthSetupError';

  constructor(
    readonly code: 'ALREADY_WATCHED' | 'UNKNOWN_SERVER' | 'DIFFERENT_CODECS' | 'METRIC_NAME_TAKEN',
    message: string,
  ) {
    super(message);
  }
}

/** An argument of the service that cannot be used; nothing was done. */
export class ConnectionHealthArgumentError extends TypeError {
  override readonly name = 'ConnectionHealthArgumentError';
  readonly code = 'INVALID_ARGUMENT';

  constructor(argument: string, expected: string, got: unknown) {
    super(`${argument}: expected ${expected}, got ${inWords(got)}`);
  }
}

const MAX_LENGTH = 80;

function inWords(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (typeof value === 'string') return JSON.stringify(shortened(value));
  if (typeof value === 'function') return `a function${value.name === '' ? '' : ` (${value.name})`}`;
  if (Array.isArray(value)) return `an array of ${value.length}`;
  return `an object with the keys ${shortened(Object.keys(value).join(', ')) || '(none)'}`;
}

function shortened(text: string): string {
  return text.length > MAX_LENGTH ? `${text.slice(0, MAX_LENGTH)}…` : text;
}
