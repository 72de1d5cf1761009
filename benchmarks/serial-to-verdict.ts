/**
 * Byte on the line -> verdict: from the planned release of a frame to its verdict in the ring, in the bridge as it ships,
 * beside a C program that only reads the port and beside serialport with ReadlineParser, which only splits lines.
 */
import { monotonicUs } from '#dist/host-clock.js';
import type { Arm, Window } from './harness/arms.js';
import { atMost, valuesOf } from './harness/bars.js';
import type { Benchmark, Result, RunOptions, Timeline } from './harness/benchmark.js';
import type { Settings } from './harness/bridges.js';
import { doubtsOf, measure, PTY_NOTE } from './harness/latency-row.js';
import { MeasuredBridge } from './harness/measured.js';
import { likeTheLoop } from './harness/priority.js';
import { freePort, Program, READY_MS, sleep } from './harness/processes.js';
import { GRACE_MS } from './harness/releases.js';
import { plannedIn, RATE_HZ } from './harness/shortfall.js';
import { Board, LineSource } from './harness/sources.js';
import { quantile } from './harness/statistics.js';

/** Until a program of Node has its port open. */
const START_MS = 700;
/** Of a C program that goes before all ordinary ones, on any host. */
const BAND = { p50Us: [3, 200], p99MaxUs: 3000 } as const;

export class VerdictArm implements Arm {
  timeline: Timeline | undefined;
  #board!: Board;
  #bridge!: MeasuredBridge;
  readonly isOurs = true;

  constructor(
    readonly name: string,
    /** For the self-test of the gate. */
    private readonly plantedUs = 0,
    private readonly settings: Settings = {},
  ) {}

  async start(): Promise<void> {
    this.#board = await Board.start(RATE_HZ);
    // The outlets that a bridge has by default; on free ports.
    this.#bridge = await MeasuredBridge.start([this.#board.port], {
      'http.port': await freePort(),
      'mqtt.port': await freePort(),
      ...this.settings,
    });
    this.#board.rest();
  }

  /** @param onStreaming when the board streams, before it settles */
  async window(settleMs: number, measureMs: number, onStreaming: () => void = () => {}): Promise<Window> {
    const sinceUs = monotonicUs();
    await this.#board.speak();
    const { zeroUs } = this.#board;
    await this.#bridge.first({ zeroUs, sinceUs });
    onStreaming();
    await sleep(settleMs);
    const { answer, cpu, rssMiB } = await this.#bridge.measure({
      measureMs,
      zeroUs,
      plantedUs: this.plantedUs,
    });
    this.#board.rest();
    const { latenciesUs, atMs, collections, missesMs } = answer;
    this.timeline = { atMs, latencyUs: latenciesUs, collections, missesMs };
    const late = Float64Array.from(answer.lateUs).sort();
    return {
      latenciesUs: Float64Array.from(latenciesUs).sort(),
      cpu,
      rssMiB,
      frames: { came: latenciesUs.length, sent: plannedIn(measureMs) },
      skipped: answer.counted,
      sourceLateUs: [quantile(late, 0.5), quantile(late, 0.99)],
    };
  }

  pause(): void {
    this.#bridge.program.pause();
  }

  resume(): void {
    this.#bridge.program.resume();
  }

  async end(): Promise<void> {
    await this.#bridge?.program.end();
    await this.#board?.end();
  }
}

/** Programs that only read lines. */
abstract class ReaderArm implements Arm {
  readonly isOurs = false;
  protected source!: LineSource;
  abstract readonly name: string;

  async start(): Promise<void> {
    this.source = await LineSource.start(RATE_HZ);
  }

  async window(settleMs: number, measureMs: number): Promise<Window> {
    this.source.speak();
    await sleep(settleMs);
    const latencies = await this.read(measureMs);
    const sourceLateUs = await this.source.rest();
    const latenciesUs = Float64Array.from(latencies).sort();
    const frames = { came: latenciesUs.length, sent: plannedIn(measureMs) };
    return { latenciesUs, cpu: Number.NaN, rssMiB: Number.NaN, frames, sourceLateUs };
  }

  protected abstract read(measureMs: number): Promise<readonly number[]>;

  async end(): Promise<void> {
    await this.source?.end();
  }
}

class CReader extends ReaderArm {
  readonly name = 'C reader';

  protected async read(measureMs: number): Promise<readonly number[]> {
    const args = [this.source.port, String(measureMs)];
    const program = Program.start(...likeTheLoop('dist/benchmarks/native/line-reader', args));
    await program.exited;
    return program.lines.map(Number);
  }
}

class StockReader extends ReaderArm {
  readonly name = 'serialport';
  #program!: Program;

  override async start(): Promise<void> {
    await super.start();
    this.#program = Program.start(process.execPath, ['benchmarks/peers/stock-reader.mjs', this.source.port]);
    await sleep(START_MS);
  }

  protected read(measureMs: number): Promise<readonly number[]> {
    return this.#program.ask({ measureMs, graceMs: GRACE_MS }, measureMs + READY_MS);
  }

  override async end(): Promise<void> {
    await this.#program?.end();
    await super.end();
  }
}

async function run(options: RunOptions): Promise<Result> {
  const tautline = new VerdictArm('Tautline');
  const measured = await measure([tautline, new CReader(), new StockReader()], options);
  const { ratio } = measured;
  const bars = [
    atMost('serial_to_verdict.p50_over_floor', ratio(0.5, 'Tautline', 'C reader'), 1.5),
    atMost('serial_to_verdict.p50_over_stock', ratio(0.5, 'Tautline', 'serialport'), 0.6),
  ];
  const [first, ...others] = measured.series;
  return {
    name: 'serial_to_verdict',
    ...measured.verdict(bars, doubtsOf('C reader', measured.figures['C reader']!, BAND)),
    values: valuesOf(bars),
    bars,
    windows: measured.figures,
    series: [{ ...first!, ...(tautline.timeline === undefined ? {} : { timeline: tautline.timeline }) }, ...others],
    tables: [
      measured.table(
        'Board -> verdict, 1 kHz',
        `C and serialport stamp each line as it comes and do nothing with it. ${PTY_NOTE}`,
      ),
    ],
  };
}

export default { description: 'byte on the line -> verdict in the ring, 1 kHz', run } satisfies Benchmark;
