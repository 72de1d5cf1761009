/** Board -> 1,000 WebSocket clients at 1 kHz, every frame, as they are served by default: in batches. */
import type { Benchmark, Result, RunOptions } from './harness/benchmark.js';
import { startFloor } from './harness/bridges.js';
import { PeerCrowd, TautlineCrowd } from './harness/crowd.js';
import { doubtsOf, measure, PTY_NOTE, withoutBars } from './harness/latency-row.js';
import { startMosquitto } from './harness/processes.js';

const CLIENTS = 1000;
/** Of the C program, which writes each frame to each client at once and has no time for a thousand. */
const FLOOR_CLIENTS = 50;
const FLOOR = `C floor, ${FLOOR_CLIENTS} clients`;
const BAND = { p50Us: [50, 3000], p99MaxUs: 10_000 } as const;

async function run(options: RunOptions): Promise<Result> {
  const { broker, port } = await startMosquitto();
  try {
    const arms = [
      new TautlineCrowd('usual', CLIENTS, port),
      new PeerCrowd(FLOOR, FLOOR_CLIENTS, (path) => startFloor(path, port)),
    ];
    const measured = await measure(arms, options);
    return withoutBars(
      'ws1000',
      measured,
      `Board -> ${CLIENTS} WebSocket clients, every frame, 1 kHz`,
      `In batches of some 16 ms, as more than 16 clients get them. The C floor writes each frame to each client at once: a thousand would need more than a core, so it has ${FLOOR_CLIENTS}. ${PTY_NOTE}`,
      doubtsOf(FLOOR, measured.figures[FLOOR]!, BAND),
    );
  } finally {
    await broker.end();
  }
}

export default { description: 'board -> 1,000 WebSocket clients, every frame', run } satisfies Benchmark;
