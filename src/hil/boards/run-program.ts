/** Programs of the user's that do something to a board: bounded in time, and told with their last lines when they fail. */
import { type ChildProcess, spawn } from 'node:child_process';

export interface ProgramRun {
  /** What it is for, for messages: `boards.bench.flashCommand`. */
  readonly what: string;
  /** A shell command, or a program and its arguments. */
  readonly command: string | readonly [program: string, ...given: string[]];
  readonly folder: string;
  readonly timeoutMs: number;
}

const LAST_LINES = 8;
const KEPT_CHARACTERS = 4000;
const WINDOWS = process.platform === 'win32';

/** @throws Error when there is no such program, it takes too long, or it fails; with what it said last */
export async function runProgram({ what, command, folder, timeoutMs }: ProgramRun): Promise<void> {
  const isShell = typeof command === 'string';
  const [program, ...given] = isShell ? [command] : command;
  const shown = [program, ...given].join(' ');
  // A process group of its own, so that what a shell has started ends with it.
  const options = { cwd: folder, shell: isShell, detached: !WINDOWS, stdio: ['ignore', 'pipe', 'pipe'] as const };
  const child = spawn(program!, given, { ...options, stdio: [...options.stdio] });
  let said = '';
  const hear = (bytes: Buffer) => {
    said = (said + bytes.toString('utf8')).slice(-KEPT_CHARACTERS);
  };
  child.stdout?.on('data', hear);
  child.stderr?.on('data', hear);
  const end = await ended(child, timeoutMs);
  if (end === 'exit code 0') return;
  if (end === 'ENOENT') {
    throw new Error(`${what}: there is no program "${program}" on this machine: install it, or put its folder on PATH`);
  }
  throw new Error(`${what}: ${end}: ${shown}${quote(said)}`);
}

/** How it ended: `exit code 0` is the one good way. */
function ended(child: ChildProcess, timeoutMs: number): Promise<string> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      kill(child);
      resolve(`it was not done after ${timeoutMs / 1e3} s, and was ended`);
    }, timeoutMs);
    const over = (how: string) => {
      clearTimeout(timer);
      resolve(how);
    };
    child.once('error', (error: NodeJS.ErrnoException) => over(error.code === 'ENOENT' ? 'ENOENT' : error.message));
    // Not `close`: what it leaves running in the background may keep the pipes.
    child.once('exit', (code, signal) => setImmediate(over, signal ?? `exit code ${code}`));
  });
}

function kill(child: ChildProcess): void {
  try {
    if (WINDOWS || child.pid === undefined) child.kill('SIGKILL');
    else process.kill(-child.pid, 'SIGKILL');
  } catch {
    // it has just ended
  }
}

function quote(said: string): string {
  const lines = said.split(/[\r\n]+/).filter((line) => line.trim() !== '');
  return lines.length === 0 ? ' (it said nothing)' : `\n${lines.slice(-LAST_LINES).join('\n')}`;
}

/** Puts paths into a shell command: `{image}` is replaced by `values.image`, quoted for the shell. */
export function filled(template: string, values: Readonly<Record<string, string>>): string {
  return template.replaceAll(/\{(\w+)\}/g, (whole, name: string) => {
    const value = values[name];
    return value === undefined ? whole : quoted(value);
  });
}

const quoted = (text: string): string =>
  WINDOWS ? `"${text}"` : /^[\w./:=@-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
