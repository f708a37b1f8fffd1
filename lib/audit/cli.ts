import { auditCommand } from './audit.command.js';
import { type Command, type CommandIo, UsageError } from './command.js';
import { layersCommand } from './layers/layers.command.js';
import { proxyConfigCommand } from './proxy-config/proxy-config.command.js';

/** Every command, in the order in which the help lists them. */
export const COMMANDS: readonly Command[] = [auditCommand, layersCommand, proxyConfigCommand];

/** No verdict: the arguments cannot be used, or what was to be read could not be. */
const NO_VERDICT = 2;

/** What the command line needs to know beside its arguments. */
export interface CliSurroundings {
  readonly io: CommandIo;
  /** Of the package, as `--version` prints it. */
  readonly version: () => string;
  /** @default all there are */
  readonly commands?: readonly Command[];
}

/**
 * Runs what `connection-health <args>` asks for. Never throws.
 *
 * @returns the exit code: 0 for all well, 1 for trouble found, 2 for no verdict
 */
export async function runCli(args: readonly string[], surroundings: CliSurroundings): Promise<number> {
  const { io, version, commands = COMMANDS } = surroundings;
  const [first, ...rest] = args;
  if (first === '--version' || first === '-v') return say(io.out, version());
  if (first === '--help' || first === '-h') return say(io.out, overviewOf(commands));
  if (first === undefined) return refuse(io, 'Which command?', overviewOf(commands));
  if (first === 'help') return help(commands, rest, io);
  const command = commands.find(({ name }) => name === first);
  if (command === undefined) return refuse(io, unknown(first, commands));
  return asksForHelp(rest) ? say(io.out, command.usage) : run(command, rest, io);
}

async function run(command: Command, args: readonly string[], io: CommandIo): Promise<number> {
  try {
    return await command.run(args, io);
  } catch (error) {
    if (error instanceof UsageError || isParseArgsError(error)) {
      return refuse(io, error.message, `See: connection-health ${command.name} --help`);
    }
    return refuse(io, error instanceof Error ? error.message : String(error));
  }
}

function help(commands: readonly Command[], [name]: readonly string[], io: CommandIo): number {
  if (name === undefined) return say(io.out, overviewOf(commands));
  const command = commands.find((each) => each.name === name);
  return command === undefined ? refuse(io, unknown(name, commands)) : say(io.out, command.usage);
}

/** `--` ends the options: what stands behind it is no request for help. */
function asksForHelp(args: readonly string[]): boolean {
  const end = args.indexOf('--');
  const options = end < 0 ? args : args.slice(0, end);
  return options.includes('--help') || options.includes('-h');
}

function overviewOf(commands: readonly Command[]): string {
  const width = Math.max(...commands.map(({ name }) => name.length));
  const list = commands.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`);
  return [
    'Usage: connection-health <command> [options]',
    '',
    'What stands between clients and a WebSocket gateway, and what it does to their connections.',
    '',
    ...list,
    '',
    'connection-health <command> --help says more about one of them; --version prints the version.',
    'Exit codes: 0 all well, 1 trouble found, 2 no verdict (arguments or sources that cannot be used).',
  ].join('\n');
}

function unknown(name: string, commands: readonly Command[]): string {
  const known = commands.map((each) => each.name).join(', ');
  return `There is no command ${JSON.stringify(name)}; there are: ${known}.`;
}

function say(print: (line: string) => void, text: string): number {
  print(text);
  return 0;
}

function refuse(io: CommandIo, ...lines: readonly string[]): number {
  for (const line of lines) io.err(line);
  return NO_VERDICT;
}

/** What `parseArgs` of `node:util` throws for options it does not know. */
function isParseArgsError(error: unknown): error is Error {
  const { code } = error as { readonly code?: unknown };
  return typeof code === 'string' && code.startsWith('ERR_PARSE_ARGS_');
}
