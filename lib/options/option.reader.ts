import { ConnectionHealthOptionsError } from '../connection-health.errors.js';

type Values = Readonly<Record<string, unknown>>;

interface NumberRule {
  readonly above?: number;
  readonly atLeast?: number;
  readonly atMost?: number;
  readonly whole?: boolean;
  readonly unit?: string;
}

/** Reads one object of options: fills defaults, and rejects what it does not know or cannot use with a sentence. */
export class OptionReader {
  private readonly values: Values;

  /**
   * @param path of the object, empty for the outermost
   * @throws ConnectionHealthOptionsError for a value that is no object, or a key that is not in `known`
   */
  constructor(
    private readonly path: string,
    value: unknown,
    known: readonly string[],
  ) {
    if (value !== undefined && !isPlainObject(value)) this.reject('', 'an object', value);
    this.values = (value ?? {}) as Values;
    const stranger = Object.keys(this.values).find((key) => !known.includes(key));
    if (stranger !== undefined)
      this.reject(stranger, `one of the known options (${known.join(', ')})`, this.values[stranger]);
  }

  /** The value as it was given. */
  given(key: string): unknown {
    return this.values[key];
  }

  milliseconds(key: string, fallback: number): number {
    return this.number(key, fallback, { above: 0, unit: 'milliseconds' });
  }

  number(key: string, fallback: number, rule: NumberRule = {}): number {
    const value = this.values[key];
    if (value === undefined) return fallback;
    const {
      above = rule.atLeast === undefined ? 0 : -Infinity,
      atLeast = -Infinity,
      atMost = Infinity,
    } = rule;
    const isFine = isNumber(value) && value > above && value >= atLeast && value <= atMost;
    if (isFine && (rule.whole !== true || Number.isInteger(value))) return value;
    return this.reject(key, inWords({ ...rule, above }), value);
  }

  boolean(key: string, fallback: boolean): boolean {
    const value = this.values[key];
    if (value === undefined || typeof value === 'boolean') return value ?? fallback;
    return this.reject(key, 'true or false', value);
  }

  oneOf<Choice extends string>(key: string, choices: readonly Choice[], fallback: Choice): Choice {
    const value = this.values[key];
    if (value === undefined) return fallback;
    if (choices.includes(value as Choice)) return value as Choice;
    return this.reject(key, `one of ${choices.map((choice) => `"${choice}"`).join(', ')}`, value);
  }

  function<Type extends (...args: never[]) => unknown>(key: string): Type | undefined {
    const value = this.values[key];
    if (value === undefined || typeof value === 'function') return value as Type | undefined;
    return this.reject(key, 'a function', value);
  }

  /** @throws ConnectionHealthOptionsError always */
  reject(key: string, expected: string, got: unknown): never {
    const path = [this.path, key].filter((part) => part !== '').join('.');
    throw new ConnectionHealthOptionsError(path === '' ? '(options)' : path, expected, got);
  }
}

/** Instances of classes are fine, as a factory may make them; built-ins such as Map have no options to read. */
function isPlainObject(value: unknown): boolean {
  return Object.prototype.toString.call(value) === '[object Object]';
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}

function inWords({ above = 0, atLeast, atMost, whole, unit }: NumberRule): string {
  const noun = `${whole === true ? 'a whole number' : 'a number'}${unit === undefined ? '' : ` of ${unit}`}`;
  const from = atLeast === undefined ? `above ${above}` : `from ${atLeast}`;
  return `${noun} ${from}${atMost === undefined ? '' : ` to ${atMost}`}`;
}
