/** Board -> 100 WebSocket clients at 1 kHz, every frame: what it costs, and when the last of them has it. */
import { quantiles } from './harness/arms.js';
import { atMost, type Bar, valuesOf } from './harness/bars.js';
import type { Benchmark, Result, RunOptions } from './harness/benchmark.js';
import { startFloor, startTextbook } from './harness/bridges.js';
import { PeerCrowd, TautlineCrowd } from './harness/crowd.js';
import { doubtsOf, type Measured, measure, PTY_NOTE } from './harness/latency-row.js';
import { startMosquitto } from './harness/processes.js';
import { medianOf } from './harness/statistics.js';

const CLIENTS = 100;
const BAND = { p50Us: [50, 3000], p99MaxUs: 10_000 } as const;

interface Row {
  readonly name: string;
  readonly wish: 'immediate' | 'batched';
  bars(measured: Measured, p99Ms: Bar): Bar[];
  readonly p99MaxMs: number;
}

async function run(row: Row, options: RunOptions): Promise<Result> {
  const { broker, port } = await startMosquitto();
  try {
    const arms = [
      new TautlineCrowd(row.wish, CLIENTS, port),
      new PeerCrowd('C floor', CLIENTS, (path) => startFloor(path, port)),
      new PeerCrowd('textbook', CLIENTS, (path) => startTextbook(path, port, 'plain')),
    ];
    const measured = await measure(arms, options);
    const p99 = quantiles(measured.windows.Tautline!, 0.99).map((us) => us / 1e3);
    const p99Ms = atMost(`${row.name}.p99_ms`, medianOf(p99, options.seed), row.p99MaxMs);
    const bars = row.bars(measured, p99Ms);
    return {
      name: row.name,
      ...measured.verdict(bars, doubtsOf('C floor', measured.figures['C floor']!, BAND)),
      values: valuesOf(bars),
      bars,
      windows: measured.figures,
      series: measured.series,
      tables: [
        measured.table(
          `Board -> ${CLIENTS} WebSocket clients, every frame, 1 kHz, ${row.wish}`,
          `Samples of all clients together; they live in one C program, the same for all. All bridges also publish to Mosquitto. ${PTY_NOTE}`,
        ),
      ],
    };
  } finally {
    await broker.end();
  }
}

export const immediate = {
  description: 'board -> 100 WebSocket clients, every frame at once',
  run: (options) =>
    run(
      {
        name: 'ws100_immediate',
        wish: 'immediate',
        p99MaxMs: 3,
        bars: ({ ratio, cpuRatio }, p99Ms) => [
          atMost('ws100_immediate.p99_over_floor', ratio(0.99, 'Tautline', 'C floor'), 1.5),
          p99Ms,
          atMost('ws100_immediate.cpu_over_textbook', cpuRatio('Tautline', 'textbook'), 0.8),
        ],
      },
      options,
    ),
} satisfies Benchmark;

export const batched = {
  description: 'board -> 100 WebSocket clients, every frame in batches',
  run: (options) =>
    run(
      {
        name: 'ws100_batched',
        wish: 'batched',
        p99MaxMs: 25,
        bars: ({ cpuRatio }, p99Ms) => [
          atMost('ws100_batched.cpu_over_textbook', cpuRatio('Tautline', 'textbook'), 0.25),
          p99Ms,
        ],
      },
      options,
    ),
} satisfies Benchmark;
