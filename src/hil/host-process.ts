/** The firmware as a process of this machine, on a pseudo-terminal that it opens: `firmware/build/host/`. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { makeRealTime } from '../loop-priority.js';
import type { FirmwareKind } from './targets.js';

/** Before the bridge's loop: a board does not wait for its host. */
const PRIORITY = 40;
const START_MS = 10_000;
const END_MS = 2000;

function hostProgram(firmware: FirmwareKind): string {
  const name = firmware === 'release' ? 'tautline-host' : `tautline-host-${firmware}`;
  return fileURLToPath(new URL(`../../firmware/build/host/${name}`, import.meta.url));
}

/** Why there is none; null when there is. */
export function missingHost(firmware: FirmwareKind): string | null {
  if (firmware === 'slow') return 'the firmware "slow" is for emulated boards: a process of this machine cannot hurry';
  const program = hostProgram(firmware);
  const goal = firmware === 'wrap' ? 'wrap-host' : 'host';
  return existsSync(program) ? null : `${program} is not there: run "make -C firmware ${goal}"`;
}

export class HostProcess {
  private constructor(
    private readonly child: ChildProcess,
    readonly path: string,
  ) {}

  /** Starts it, and waits until it has told its port. */
  static async start(firmware: FirmwareKind, seed: number): Promise<HostProcess> {
    const program = hostProgram(firmware);
    const child = spawn(program, ['--seed', String(seed)], { stdio: ['ignore', 'pipe', 'ignore'] });
    const path = await new Promise<string>((resolve, reject) => {
      const fail = (why: string) => reject(new Error(`${program}: ${why}`));
      const timer = setTimeout(() => fail(`it has not told its port within ${START_MS} ms`), START_MS);
      createInterface({ input: child.stdout! }).on('line', (line) => {
        if (!line.startsWith('port ')) return;
        clearTimeout(timer);
        resolve(line.slice('port '.length));
      });
      child.once('error', (error) => fail(error.message));
      child.once('exit', (code, signal) => fail(`it ended with ${signal ?? code}`));
    }).catch((error: unknown) => {
      child.kill('SIGKILL');
      throw error;
    });
    makeRealTime(child.pid!, PRIORITY); // refused: it tells how often it was late
    return new HostProcess(child, path);
  }

  /** Its reset button. */
  pressReset(): void {
    this.child.kill('SIGUSR1');
  }

  async end(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const exited = new Promise<void>((resolve) => this.child.once('exit', () => resolve()));
    this.child.kill('SIGTERM');
    const timer = setTimeout(() => this.child.kill('SIGKILL'), END_MS);
    await exited;
    clearTimeout(timer);
  }
}
