/** The real program as a process: started as its users start it, in an empty folder, and read as they read it. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { v8Flags } from '../v8-flags.js';
import { childrenOf, emulatorsOf, isRunning, until } from './processes.rig.js';

export const root = fileURLToPath(new URL('../..', import.meta.url));
export const cli = join(root, 'dist/cli.js');
/** The firmware as a process of this machine. */
export const hostBoard = join(root, 'firmware/build/host/tautline-host');

const freePorts = ['http.port=0', 'mqtt.port=0'];
const asSetting = (pair: string) => ['--set', pair];

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A command and what it prints. */
export class Program {
  readonly exit: Promise<Exit>;
  readonly child: ChildProcessWithoutNullStreams;
  stdout = '';
  stderr = '';
  #hasEnded = false;

  constructor(command: string, args: readonly string[], options: { cwd?: string; env?: NodeJS.ProcessEnv } = {}) {
    this.child = spawn(command, args, { stdio: 'pipe', ...options });
    this.child.stdin.on('error', () => {}); // writing to a program that has just ended
    this.child.stdout.on('data', (chunk: Buffer) => {
      this.stdout += chunk;
    });
    this.child.stderr.on('data', (chunk: Buffer) => {
      this.stderr += chunk;
    });
    this.exit = new Promise((resolve) => {
      this.child.once('close', (code, signal) => {
        this.#hasEnded = true;
        resolve({ code, signal });
      });
    });
  }

  get pid(): number {
    return this.child.pid!;
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  tell(line: string): void {
    this.child.stdin.write(`${line}\n`);
  }

  /** The first match in what was printed since `from` (characters of stderr). */
  async says(pattern: RegExp, from = 0): Promise<RegExpMatchArray> {
    try {
      return await until(String(pattern), () => {
        const match = this.stderr.slice(from).match(pattern);
        if (match === null && this.#hasEnded) throw new Error('it has ended');
        return match;
      });
    } catch (error) {
      throw new Error(`${pattern} was not printed: ${(error as Error).message}\n${this.stderr}`);
    }
  }

  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<Exit> {
    this.child.kill(signal);
    return this.exit;
  }
}

export interface BridgeSettings {
  /** After the subcommand. */
  readonly args?: readonly string[];
  readonly command?: 'start' | 'demo' | 'gateway';
  /** In place of free ports for everything that `args` does not place. */
  readonly ports?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Put in front of node, such as `setpriv --reuid=65534`. */
  readonly wrapper?: readonly string[];
}

export class BridgeProcess extends Program {
  private constructor(
    readonly folder: string,
    command: string,
    args: readonly string[],
    env: NodeJS.ProcessEnv,
  ) {
    super(command, args, { cwd: folder, env });
  }

  static start({ args = [], command = 'start', ports, env = {}, wrapper = [] }: BridgeSettings = {}): BridgeProcess {
    const folder = mkdtempSync(join(tmpdir(), 'tautline-system-'));
    chmodSync(folder, 0o755); // also for a bridge that runs as another user
    const placed =
      ports ?? freePorts.filter((port) => !args.some((arg) => arg.startsWith(port.slice(0, -1)))).flatMap(asSetting);
    const line = [...wrapper, process.execPath, ...v8Flags, cli, command, ...placed, ...args];
    return new BridgeProcess(folder, line[0]!, line.slice(1), { ...clean(process.env), ...env });
  }

  /** Address of the gateway, once it has said it. */
  async url(from = 0): Promise<string> {
    return (await this.says(/gateway: ready at (http:\S+)/, from))[1]!;
  }

  /** Address of the embedded broker. */
  async brokerUrl(): Promise<string> {
    return (await this.says(/broker: ready at (mqtt:\S+)/))[1]!;
  }

  /** A board streams: by the id that it has told. */
  async streams(id = 'pico', from = 0): Promise<void> {
    await this.says(new RegExp(`  ${id}  streaming`), from);
  }

  /** The process of the emulated board. */
  async emulator(): Promise<number> {
    return until('an emulator', () => emulatorsOf(this.pid)[0]);
  }

  /** Ends it whatever its state is, and everything that it started. */
  async dispose(): Promise<void> {
    const children = this.hasEnded ? [] : childrenOf(this.pid);
    if (!this.hasEnded) await this.kill('SIGKILL');
    for (const child of children) if (isRunning(child)) process.kill(child, 'SIGKILL');
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** The environment without settings of ours that somebody may have set. */
export function clean(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !name.startsWith('TAUTLINE_')));
}
