/** What `npm run bench` was asked for, and what is said of a mistake: one line, and an exit code. */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { PortError } from '#dist/board/errors.js';
import { exitCodes, UserError } from '#dist/exit-codes.js';

export const usageError = (message: string): UserError => new UserError(message, exitCodes.usage);

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
      seed: { type: 'string', default: '1' },
      port: { type: 'string' },
      baud: { type: 'string', default: '921600' },
    },
  });
  return { ...values, seed: whole('--seed', values.seed, 0), baud: whole('--baud', values.baud, 1), positionals };
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
