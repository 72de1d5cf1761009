/** A board that runs in an emulator beside the bridge: its port, and by how much the emulator itself was late. */

import { EMULATED_PREFIX } from '../board/emulated/binding.js';
import { LagReader } from '../board/emulated/lag.js';
import { EmulatorChild } from '../board/emulator-child.js';
import { exitCodes } from '../exit-codes.js';
import type { LogLevel } from '../outlet.js';

export interface EmulatedSourceOutput {
  log(level: LogLevel, text: string): void;
  /** There is no such board to emulate; trying again would not help. */
  refused(text: string): void;
}

const REFUSED = `exit code ${exitCodes.usage}`;

export class EmulatedSource {
  readonly child: EmulatorChild;
  #lag: LagReader | null = null;
  #onPort: () => void = () => {};

  /** Newest line on the emulator's stderr: when it refuses, its reason. */
  #said = '';

  private constructor(board: string, output: EmulatedSourceOutput) {
    this.child = new EmulatorChild({
      board,
      onPort: () => this.#onPort(),
      onExit: (how, retryMs) => {
        this.#forgetLag();
        if (how === REFUSED) output.refused(this.#said);
        else output.log('warning', `the emulator ended (${how}); it is started again in ${Math.round(retryMs)} ms`);
      },
      onLine: (line) => {
        this.#said = line.replace(/^tautline: /, '');
        output.log('warning', `emulator: ${this.#said}`);
      },
    });
  }

  /** Null when the path names no emulated board. */
  static of(path: string, output: EmulatedSourceOutput): EmulatedSource | null {
    return path.startsWith(EMULATED_PREFIX) ? new EmulatedSource(path.slice(EMULATED_PREFIX.length), output) : null;
  }

  get port(): string | null {
    return this.child.port;
  }

  /** @param onPort the port is there, or is another one now */
  start(onPort: () => void): void {
    this.#onPort = onPort;
    this.child.start();
  }

  async stop(): Promise<void> {
    await this.child.stop();
    this.#forgetLag();
  }

  /** Largest lag in this time of the host's monotonic clock; undefined when the emulator does not say. */
  lagUs(fromUs: number, toUs: number): number | undefined {
    this.#lag ??= this.#openLag();
    return this.#lag?.lagAt(fromUs, toUs);
  }

  /** One descriptor, kept open: a question is then two small reads from memory. */
  #openLag(): LagReader | null {
    const path = this.child.lagPath;
    if (path === null) return null;
    try {
      return new LagReader(path);
    } catch {
      return null; // it ended in this moment; the next one has a file of its own
    }
  }

  #forgetLag(): void {
    this.#lag?.close();
    this.#lag = null;
  }
}
