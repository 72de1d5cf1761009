/** What `npm run bench` was asked for, and what is said of a mistake: one line, and an exit code. */
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { PortError } from '#dist/board/errors.js';
import { exitCodes, UserError } from '#dist/exit-codes.js';

export const usageError = (message: string): UserError => new UserError(message, exitCodes.usage);

/** What each command takes beside its operands; the others measure. */
const takes: Record<string, readonly string[]> = { list: [], compare: [], link: ['port', 'baud'] };
const toMeasure = ['smoke', 'full', 'json', 'html', 'seed'];

/** @throws UserError for what would be ignored: whoever gives an option means something by it */
export function readArguments(args: readonly string[]) {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      list: { type: 'boolean' },
      smoke: { type: 'boolean' },
      full: { type: 'boolean' },
      json: { type: 'string' },
      html: { type: 'string' },
      seed: { type: 'string' },
      port: { type: 'string' },
      baud: { type: 'string' },
    },
  });
  const { list, seed = '1', baud = '921600', ...given } = values;
  const [command = ''] = positionals;
  const name = list ? 'list' : command;
  const isCommand = Object.hasOwn(takes, name);
  const taken = isCommand ? takes[name]! : toMeasure;
  for (const option of Object.keys(values))
    if (option !== 'list' && !taken.includes(option))
      throw usageError(`--${option} means nothing ${isCommand ? `to ${list ? '--list' : name}` : 'without link'}`);
  if (values.smoke && values.full) throw usageError('--smoke and --full: give one of them');
  const operands = { list: 0, link: 1, compare: 3 }[name];
  if (operands !== undefined && positionals.length > operands)
    throw usageError(`${positionals.slice(operands).join(' ')}: ${list ? '--list' : name} takes no more`);
  return { ...given, list, seed: whole('--seed', seed, 0), baud: whole('--baud', baud, 1), positionals };
}

/** One after the other: Node's own `recursive` does not come back from a folder that takes none, such as /proc. */
function makeFolder(folder: string): void {
  if (existsSync(folder)) return;
  makeFolder(dirname(folder));
  mkdirSync(folder);
}

/** To be asked before hours of measuring. @throws UserError for files that cannot be written, or that are one and the same */
export function checkWritable(files: readonly string[]): void {
  const [first, ...others] = files.map((file) => resolve(file));
  if (first !== undefined && others.includes(first)) throw usageError(`${first} cannot be both: give two files`);
  for (const file of files) {
    const isNew = !existsSync(file);
    try {
      makeFolder(dirname(file));
      closeSync(openSync(file, 'a'));
    } catch (error) {
      throw usageError(`cannot write ${file}: ${(error as Error).message}`);
    }
    if (isNew) rmSync(file);
  }
}

function whole(option: string, value: string, least: number): number {
  const number = Number(value);
  if (value.trim() !== '' && Number.isInteger(number) && number >= least) return number;
  throw usageError(`${option} ${value}: give a whole number, at least ${least}`);
}

/** A file that somebody named. */
export function readNamed(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw usageError(`cannot read ${file}: ${code === 'ENOENT' ? 'there is no such file' : message}`);
  }
}

/** @returns what to print, and the exit code */
export function explain(error: unknown): readonly [string, number] {
  if (error instanceof UserError || error instanceof PortError) return [error.message, error.exitCode];
  const { code, message, stack } = error as NodeJS.ErrnoException;
  if (code?.startsWith('ERR_PARSE_ARGS')) return [message.split('. To specify')[0]!, exitCodes.usage];
  return [stack ?? String(error), exitCodes.unexpected];
}
