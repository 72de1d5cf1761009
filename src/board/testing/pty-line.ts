/** A pseudo-terminal for tests, made by socat: the port is `path`, the board's end is `write` and `onData`. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** Resolves when `condition` holds; rejects with its source after a deadline that only a broken program reaches. */
export async function until(condition: () => boolean, deadlineMs = 20_000): Promise<void> {
  const end = Date.now() + deadlineMs;
  while (!condition()) {
    if (Date.now() > end) throw new Error(`never came true: ${condition}`);
    await sleep(5);
  }
}

export class PtyLine {
  private constructor(
    /** A link that stays the same over `unplug` and `replug`, as a by-id path does. */
    readonly path: string,
    private readonly directory: string,
    private readonly onData: (bytes: Buffer) => void,
  ) {}

  #socat: ChildProcessWithoutNullStreams | null = null;

  static async open(onData: (bytes: Buffer) => void = () => {}): Promise<PtyLine> {
    const directory = mkdtempSync(join(tmpdir(), 'tautline-pty-'));
    const line = new PtyLine(join(directory, 'port'), directory, onData);
    await line.replug();
    return line;
  }

  /** The board comes back, as a new device behind the same link. */
  async replug(): Promise<void> {
    this.#socat = spawn('socat', [`PTY,link=${this.path},raw,echo=0`, 'STDIO']);
    this.#socat.stdin.on('error', () => {}); // writes that race with an unplug
    this.#socat.stdout.on('data', this.onData);
    await until(() => existsSync(this.path));
  }

  write(bytes: Uint8Array | string): void {
    this.#socat?.stdin.write(bytes);
  }

  /** The board and its device node go away at once. */
  async unplug(): Promise<void> {
    const socat = this.#socat;
    this.#socat = null;
    if (socat === null) return;
    if (socat.exitCode === null && socat.signalCode === null) {
      socat.kill('SIGKILL');
      await new Promise((resolve) => socat.once('exit', resolve));
    }
    rmSync(this.path, { force: true });
  }

  async close(): Promise<void> {
    await this.unplug();
    rmSync(this.directory, { recursive: true, force: true });
  }
}
