import { randomInt } from 'node:crypto';
import { lstatSync, readlinkSync, renameSync, symlinkSync, unlinkSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { type EmulatedBoardName, readBootRom, readImage } from './boards.js';
import { PacedLine } from './paced-line.js';
import { openPty, type Pty } from './pty.js';

export interface EmulatorOptions {
  readonly board: EmulatedBoardName;
  /** Path of an image; undefined: the committed one. */
  readonly image?: string;
  /** Path of an RP2040's boot ROM, for an image that uses it. */
  readonly bootRom?: string;
  /** Path under which the port is to be found, whatever its number: a symbolic link, removed at the end. */
  readonly link?: string;
  /** Undefined: a random one, so that every start has boot ids of its own. */
  readonly seed?: number;
  /** End when stdin or the IPC channel closes, as when the parent dies. */
  readonly endWithParent?: boolean;
  readonly onReady?: (ready: { readonly port: string; readonly lagPath: string }) => void;
}

const UNPLUG_MS_MAX = 3_600_000;

/**
 * Runs an emulated board on a pseudo-terminal until SIGINT, SIGTERM or `quit`.
 *
 * Prints `port PATH` and `lag PATH` when the board runs, and obeys lines on stdin: `reset` (RUN pin), `power` (off and on),
 * `unplug MS` (the adapter is pulled: the port disappears and comes back, the board goes on), `counters`, `quit`.
 * Each is answered by `ok …` or `error …`.
 * @returns exit code
 * @throws Error when the image, its boot ROM, the pseudo-terminal or the link cannot be had
 */
export async function runEmulator(options: EmulatorOptions): Promise<number> {
  return new EmulatorProcess(options).run();
}

class EmulatorProcess {
  private pty: Pty | undefined;
  private line: PacedLine | undefined;
  private replug: NodeJS.Timeout | undefined;
  private finish: (code: number) => void = () => {};

  constructor(private readonly options: EmulatorOptions) {}

  async run(): Promise<number> {
    const { board, image, bootRom, link, seed = randomInt(2 ** 32), onReady } = this.options;
    const bytes = readImage(board, image);
    const rom = bootRom === undefined ? undefined : readBootRom(board, bootRom);
    if (link !== undefined) checkLink(link);
    const ended = new Promise<number>((resolve) => {
      this.finish = resolve;
    });
    const stopListening = this.listen();
    try {
      this.pty = openPty();
      const onFailure = (error: Error) => {
        print(`error ${error.message}`);
        this.finish(1);
      };
      const started = PacedLine.start({ board, image: bytes, bootRom: rom, seed, pty: this.pty, onFailure });
      const { line, lagPath } = await started;
      this.line = line;
      this.pointLink();
      print(`port ${this.pty.path}`);
      print(`lag ${lagPath}`);
      onReady?.({ port: this.pty.path, lagPath });
      return await ended;
    } finally {
      stopListening();
      clearTimeout(this.replug);
      this.removeLink();
      await this.line?.stop();
    }
  }

  /** Signals, the parent, and commands; returns how to stop listening. */
  private listen(): () => void {
    const quit = () => this.finish(0);
    const parentGone = this.options.endWithParent === true ? quit : () => {};
    const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
    for (const signal of signals) process.on(signal, quit);
    process.on('disconnect', parentGone);
    process.stdout.on('error', parentGone); // EPIPE: nobody reads us any more
    const commands = createInterface({ input: process.stdin });
    commands.on('line', (line) => void this.obey(line.trim().split(/\s+/)));
    commands.on('close', parentGone);
    return () => {
      for (const signal of signals) process.off(signal, quit);
      process.off('disconnect', parentGone);
      commands.off('close', parentGone);
      commands.close();
      process.stdin.destroy();
    };
  }

  private async obey([command = '', argument = '']: string[]): Promise<void> {
    const { line } = this;
    if (command === '') return;
    if (line === undefined) print('error the board has not started yet: wait for the "port" line');
    else if (command === 'reset') this.reset(line, 'pin');
    else if (command === 'power') this.reset(line, 'powerOn');
    else if (command === 'unplug') this.unplug(line, argument);
    else if (command === 'counters') print(`ok counters ${JSON.stringify(await line.counters())}`);
    else if (command === 'quit') this.finish(0);
    else print(`error there is no command "${command}": use reset, power, unplug MS, counters or quit`);
  }

  private reset(line: PacedLine, by: 'pin' | 'powerOn'): void {
    line.reset(by);
    print(by === 'pin' ? 'ok reset' : 'ok power');
  }

  private unplug(line: PacedLine, argument: string): void {
    const ms = Number(argument);
    if (argument === '' || !(ms >= 0 && ms <= UNPLUG_MS_MAX)) {
      print(`error "unplug ${argument}": give a time from 0 to ${UNPLUG_MS_MAX} ms`);
      return;
    }
    clearTimeout(this.replug);
    this.removeLink();
    this.pty = undefined;
    // Said before it is so: nobody is to open what has this number next.
    print('ok unplug');
    line.plug(undefined);
    this.replug = setTimeout(() => this.plug(line), ms);
  }

  private plug(line: PacedLine): void {
    try {
      this.pty = openPty();
      line.plug(this.pty);
      this.pointLink();
      print(`port ${this.pty.path}`);
    } catch (error) {
      print(`error ${error instanceof Error ? error.message : String(error)}`);
      this.finish(1);
    }
  }

  /** Replaces the link in one step: whoever opens it finds the old port or the new one. */
  private pointLink(): void {
    const { link } = this.options;
    if (link === undefined || this.pty === undefined) return;
    const fresh = `${link}.${process.pid}`;
    symlinkSync(this.pty.path, fresh);
    renameSync(fresh, link);
  }

  private removeLink(): void {
    const { link } = this.options;
    if (link === undefined || this.pty === undefined) return;
    if (readLink(link) === this.pty.path) unlinkSync(link);
  }
}

/** A link may replace a link, left by an emulator that was killed; nothing else. */
function checkLink(link: string): void {
  const found = lstatSync(link, { throwIfNoEntry: false });
  if (found === undefined || found.isSymbolicLink()) return;
  throw new Error(`${link} exists and is not a symbolic link: give --link another path.`);
}

function readLink(link: string): string | undefined {
  try {
    return readlinkSync(link);
  } catch {
    return undefined; // somebody removed it before us
  }
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
