/** The bridge with a stamp behind its loop: see ../measured-bridge.ts. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { v8Flags } from '#dist/v8-flags.js';
import type { MeasureAnswer, MeasureRequest } from '../measured-bridge.js';
import { type Settings, setArguments } from './bridges.js';
import { Program } from './processes.js';
import { BOARD_BAUD } from './sources.js';

const STREAMING = /streaming binary/;

export interface MeasuredWindow {
  readonly answer: MeasureAnswer;
  readonly cpu: number;
  readonly rssMiB: number;
}

export class MeasuredBridge {
  private constructor(
    readonly program: Program,
    private readonly boards: number,
  ) {}

  /** Resolves when all boards stream. */
  static async start(boardPorts: readonly string[], settings: Settings): Promise<MeasuredBridge> {
    const folder = mkdtempSync(join(tmpdir(), 'tautline-bench-'));
    const file = join(folder, 'tautline.toml');
    writeFileSync(file, boardPorts.map((path) => `[[boards]]\npath = "${path}"\nbaud = ${BOARD_BAUD}\n`).join('\n'));
    const args = ['dist/benchmarks/measured-bridge.js', '--config', file, ...setArguments(settings)];
    const bridge = new MeasuredBridge(Program.start(process.execPath, [...v8Flags, ...args]), boardPorts.length);
    void bridge.program.exited.then(() => rmSync(folder, { recursive: true, force: true }));
    await bridge.whileStreaming(async () => {});
    return bridge;
  }

  /** Does what makes all boards begin anew, and waits until they stream. */
  async whileStreaming(action: () => Promise<void>): Promise<void> {
    // Counted, not awaited one after the other: several boards may be told of at once.
    const streaming = () => this.program.lines.filter((line) => STREAMING.test(line)).length;
    const wanted = streaming() + this.boards;
    await action();
    while (streaming() < wanted) await this.program.nextLine(STREAMING);
  }

  async measure(request: MeasureRequest): Promise<MeasuredWindow> {
    const { program } = this;
    const answered = new Promise<MeasureAnswer>((resolve, reject) => {
      program.child.once('message', (message) => resolve(message as MeasureAnswer));
      void program.exited.then(() => reject(new Error(`the bridge ended:\n${program.lines.slice(-20).join('\n')}`)));
    });
    const cpuBefore = program.cpuSeconds();
    const beganMs = performance.now();
    program.child.send(request);
    await new Promise((resolve) => setTimeout(resolve, request.measureMs));
    // Before the answer is put together, which costs more than what is measured.
    const cpu = (program.cpuSeconds() - cpuBefore) / ((performance.now() - beganMs) / 1e3);
    const rssMiB = program.rssMiB();
    return { answer: await answered, cpu, rssMiB };
  }
}
