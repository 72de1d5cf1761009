/** Garbage of the loop at 10 kHz binary: on the way from the chunk to the ring, and what collecting it costs. */
import { atMost, exactly, valuesOf } from './harness/bars.js';
import { type Benchmark, type Result, type RunOptions, verdictOf } from './harness/benchmark.js';
import { quantile } from './harness/statistics.js';
import { underLoad } from './sustained.js';

const plans = {
  smoke: { warmUpMs: 1500, heapMs: 700, measureMs: 2000 },
  normal: { warmUpMs: 6000, heapMs: 4000, measureMs: 30_000 },
  full: { warmUpMs: 10_000, heapMs: 10_000, measureMs: 600_000 },
} as const;

async function run({ size }: RunOptions): Promise<Result> {
  const { warmUpMs, heapMs, measureMs } = plans[size];
  const board = { boards: 1, rateHz: 10_000, warmUpMs };
  const { answer } = await underLoad({ ...board, measureMs });
  const weighed = (await underLoad({ ...board, measureMs: heapMs, heap: true })).answer;
  const pauses = Float64Array.from(answer.collections, ({ durationMs }) => durationMs).sort();
  const pausedMs = pauses.reduce((sum, each) => sum + each, 0);
  const major = answer.collections.filter(({ kind }) => kind === 'major').length;
  const bars = [
    atMost('memory.heap_bytes_per_frame', exactly(weighed.heapBytes / weighed.heapFrames), 1),
    atMost('memory.gc_fraction', exactly(pausedMs / measureMs), 0.01),
    atMost('memory.gc_pause_p99_ms', exactly(pauses.length === 0 ? 0 : quantile(pauses, 0.99)), 1),
    ...(size === 'full' ? [atMost('memory.major_collections', exactly(major), 0)] : []),
  ];
  return {
    name: 'memory',
    ...verdictOf(bars, []),
    values: valuesOf(bars),
    bars,
    series: [],
    tables: [
      {
        title: `Main thread at 10 kHz binary, ${measureMs / 1e3} s`,
        columns: [
          'frames',
          'garbage B a frame, chunk to ring',
          'collections',
          'of them major',
          'of the time',
          'pause p99 ms',
          'max ms',
        ],
        rows: [
          [
            answer.frames,
            (weighed.heapBytes / weighed.heapFrames).toFixed(2),
            pauses.length,
            major,
            `${((100 * pausedMs) / measureMs).toFixed(3)} %`,
            pauses.length === 0 ? 'none' : quantile(pauses, 0.99).toFixed(2),
            pauses.length === 0 ? 'none' : quantile(pauses, 1).toFixed(2),
          ],
        ],
        note: `The heap was weighed before and after ${weighed.heapFrames} frames' chunks, in a run of its own.`,
      },
    ],
  };
}

export default { description: 'garbage a frame, collections and their pauses at 10 kHz', run } satisfies Benchmark;
