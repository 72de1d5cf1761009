/**
 * An emulated board in a process of its own: started, restarted when it dies, and ended with us. Its port path comes
 * over stdout, and changes with every restart: resolve it anew before each open.
 *
 * No orphan: the child ends itself when its stdin closes, which the kernel does for us even after a SIGKILL.
 */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { constants, getPriority, setPriority } from 'node:os';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { v8Flags } from '../v8-flags.js';
import { Backoff } from './backoff.js';

export interface EmulatorChildOptions {
  /** `pico` */
  readonly board: string;
  /** Further arguments of `tautline emulate`. */
  readonly arguments?: readonly string[];
  /** The port is there, or is another one now. */
  readonly onPort?: (path: string) => void;
  /** The child died; it is started again in `retryMs`. */
  readonly onExit?: (how: string, retryMs: number) => void;
  /** Whatever else the child says, line by line. */
  readonly onLine?: (line: string) => void;
  /** Program and arguments in place of `node dist/cli.js emulate <board> --parent-watch`. */
  readonly command?: readonly string[];
}

/** By so much before what started it: how `nice` counts. */
const NICER = 10;
const QUIT_MS = 1000;
const TERMINATE_MS = 500;
/** One that ran so long is not to be blamed for dying at once. */
const SETTLED_MS = 10_000;

export class EmulatorChild {
  readonly counters = { starts: 0, exits: 0 };
  /** Of the board's pseudo-terminal, or null while there is none. */
  port: string | null = null;
  /** Of the file in which the emulator reports how late it is itself, or null. */
  lagPath: string | null = null;
  readonly #backoff = new Backoff(Math.random, 100, 5000);
  #child: ChildProcessWithoutNullStreams | null = null;
  #exited: Promise<void> = Promise.resolve();
  #restart: NodeJS.Timeout | undefined;
  #wanted = false;

  constructor(private readonly options: EmulatorChildOptions) {}

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  start(): void {
    if (this.#wanted) return;
    this.#wanted = true;
    this.#spawn();
  }

  /** A line for the child's stdin: `reset`, `power`, `unplug MS`. False when there is no child. */
  tell(line: string): boolean {
    return this.#child?.stdin.write(`${line}\n`) ?? false;
  }

  /** Ends the child: asks, then terminates, then kills. Resolves when it is gone. */
  async stop(): Promise<void> {
    this.#wanted = false;
    clearTimeout(this.#restart);
    const child = this.#child;
    if (child === null) return;
    child.stdin.end();
    const terminate = setTimeout(() => child.kill('SIGTERM'), QUIT_MS);
    const kill = setTimeout(() => child.kill('SIGKILL'), QUIT_MS + TERMINATE_MS);
    await this.#exited;
    clearTimeout(terminate);
    clearTimeout(kill);
  }

  #spawn(): void {
    const [program = process.execPath, ...given] = this.options.command ?? this.#defaultCommand();
    this.counters.starts++;
    const startedMs = performance.now();
    // A process group of its own: Ctrl-C in a terminal is for us, and we end the child in our own order.
    const child = spawn(program, given, { stdio: 'pipe', detached: true });
    this.#child = child;
    if (child.pid !== undefined) goFirst(child.pid);
    child.stdin.on('error', () => {}); // writing to a child that has just died
    createInterface({ input: child.stdout }).on('line', (line) => this.#onLine(line));
    createInterface({ input: child.stderr }).on('line', (line) => this.options.onLine?.(line));
    this.#exited = new Promise((resolve) => {
      let isOver = false;
      const over = (how: string) => {
        if (isOver) return;
        isOver = true;
        resolve();
        this.#onExit(how, performance.now() - startedMs);
      };
      child.on('error', (error) => over(error.message));
      child.on('exit', (code, signal) => over(signal ?? `exit code ${code}`));
    });
  }

  #defaultCommand(): string[] {
    const cli = fileURLToPath(new URL('../cli.js', import.meta.url));
    const { board, arguments: more = [] } = this.options;
    return [process.execPath, ...v8Flags, cli, 'emulate', board, '--parent-watch', ...more];
  }

  #onLine(line: string): void {
    const [, word, value] = /^(port|lag) (.+)$/.exec(line) ?? [];
    if (word === 'lag' && value !== undefined) this.lagPath = value;
    else if (word === 'port' && value !== undefined) {
      this.port = value;
      this.options.onPort?.(value);
    } else {
      if (line === 'ok unplug') this.port = null; // the kernel may give its number to another's terminal at once
      this.options.onLine?.(line);
    }
  }

  #onExit(how: string, ranMs: number): void {
    this.counters.exits++;
    this.#child = null;
    this.port = null;
    this.lagPath = null;
    if (!this.#wanted) return;
    if (ranMs > SETTLED_MS) this.#backoff.reset();
    const retryMs = this.#backoff.nextMs();
    this.options.onExit?.(how, retryMs);
    this.#restart = setTimeout(() => this.#spawn(), retryMs);
  }
}

/** No board is slowed by what else this machine does, so an emulated one goes first, where that is granted. */
function goFirst(pid: number): void {
  try {
    setPriority(pid, Math.max(getPriority() - NICER, constants.priority.PRIORITY_HIGHEST));
  } catch {
    // Not granted, or it has ended already: it tells by how much it lags.
  }
}
