/** Byte on the line -> verdict while two programs a processor compute without an end: what a real-time priority is worth. */
import type { Arm, Window } from './harness/arms.js';
import type { Benchmark, Result, RunOptions } from './harness/benchmark.js';
import { doubtsOf, measure, PTY_NOTE, withoutBars } from './harness/latency-row.js';
import { Program } from './harness/processes.js';
import { VerdictArm } from './serial-to-verdict.js';

const QUIET = 'nothing else runs';
const BAND = { p50Us: [10, 300], p99MaxUs: 10_000 } as const;
const HOG_THREADS_A_CPU = 2;

/** The hogs are told to end; this is for a benchmark that was killed meanwhile. */
const HOGS_OUTLAST_MS = 5000;

/** The same arm, with hogs from when its board streams until its window is over. */
class HoggedArm implements Arm {
  readonly isOurs = true;
  #hog!: Program;

  constructor(private readonly arm: VerdictArm) {}

  get name(): string {
    return this.arm.name;
  }

  async start(): Promise<void> {
    this.#hog = Program.start('dist/benchmarks/native/hog', ['nice', '0', String(HOG_THREADS_A_CPU)]);
    await this.arm.start();
  }

  async window(settleMs: number, measureMs: number): Promise<Window> {
    try {
      return await this.arm.window(settleMs, measureMs, () =>
        this.#hog.say(String((settleMs + measureMs + HOGS_OUTLAST_MS) * 1e3)),
      );
    } finally {
      this.#hog.say('0');
    }
  }

  pause(): void {
    this.arm.pause();
  }

  resume(): void {
    this.arm.resume();
  }

  async end(): Promise<void> {
    await this.#hog?.end();
    await this.arm.end();
  }
}

async function run(options: RunOptions): Promise<Result> {
  const measured = await measure(
    [
      new VerdictArm(QUIET),
      new HoggedArm(new VerdictArm('hogs, loop.priority = 0', 0, { 'loop.priority': 0 })),
      new HoggedArm(new VerdictArm('hogs, as it ships')),
    ],
    options,
  );
  return withoutBars(
    'busy',
    measured,
    `Serial to verdict beside ${HOG_THREADS_A_CPU} hogs a processor, 1 kHz`,
    `The hogs have the ordinary priority. As it ships the loop has SCHED_FIFO 20 where the kernel grants it. ${PTY_NOTE}`,
    doubtsOf(QUIET, measured.figures[QUIET]!, BAND),
  );
}

export default { description: 'byte on the line -> verdict beside CPU hogs', run } satisfies Benchmark;
