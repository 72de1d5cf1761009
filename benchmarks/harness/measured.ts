/** The bridge with a stamp behind its loop: see ../measured-bridge.ts. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { v8Flags } from '#dist/v8-flags.js';
import type { Awaited } from '../first-frame.js';
import type { MeasureAnswer, MeasureRequest } from '../measured-bridge.js';
import { type Settings, setArguments } from './bridges.js';
import { Program, READY_MS, sleep, temporaryFolder } from './processes.js';
import { BOARD_BAUD } from './sources.js';

export interface MeasuredWindow {
  readonly answer: MeasureAnswer;
  readonly cpu: number;
  readonly rssMiB: number;
}

export class MeasuredBridge {
  private constructor(readonly program: Program) {}

  /** Resolves when frames of all boards have come. */
  static async start(boardPorts: readonly string[], settings: Settings): Promise<MeasuredBridge> {
    const file = join(temporaryFolder(), 'tautline.toml');
    writeFileSync(file, boardPorts.map((path) => `[[boards]]\npath = "${path}"\nbaud = ${BOARD_BAUD}\n`).join('\n'));
    const args = ['dist/benchmarks/measured-bridge.js', '--config', file, ...setArguments(settings)];
    const program = Program.start(process.execPath, [...v8Flags, ...args]);
    await program.message(READY_MS);
    return new MeasuredBridge(program);
  }

  /** Resolves when the first frame of the first board has come, which was told to speak at `sinceUs`. */
  async first(awaits: Awaited): Promise<void> {
    await this.program.ask({ awaits }, READY_MS);
  }

  async measure(request: MeasureRequest): Promise<MeasuredWindow> {
    const { program } = this;
    const cpuBefore = program.cpuSeconds();
    const beganMs = performance.now();
    const answered = program.ask<MeasureAnswer>(request, request.measureMs + READY_MS);
    // Awaited later: until then a bridge that ends must not end this process.
    answered.catch(() => {});
    await sleep(request.measureMs);
    // Before the answer is put together, which costs more than what is measured.
    const cpu = (program.cpuSeconds() - cpuBefore) / ((performance.now() - beganMs) / 1e3);
    const rssMiB = program.rssMiB();
    return { answer: await answered, cpu, rssMiB };
  }
}
