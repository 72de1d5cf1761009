/** Garbage of the loop at 10 kHz binary: on the way from the chunk to the ring, and what collecting it costs. */
import { atMost, exactly, valuesOf } from './harness/bars.js';
import { type Benchmark, type Findings, figure, type Result, type RunOptions, verdictOf } from './harness/benchmark.js';
import { bytesPerFrame, FedLoop, type Weighing } from './harness/fed-loop.js';
import { quantile } from './harness/statistics.js';
import { underLoad } from './sustained.js';

/** So few that the young generation fills up in no round, unless a frame leaves some KiB. */
const CHUNKS = 500;
/** In passes: with a pause between them the code of gaps is compiled as well. */
const WARM_UP_PASSES = 3;
const WARM_UP_ROUNDS = 10;
const WARM_UP_CHUNKS = 2000;

const plans = {
  smoke: { warmUpMs: 1500, rounds: 20, measureMs: 2000 },
  normal: { warmUpMs: 6000, rounds: 100, measureMs: 30_000 },
  full: { warmUpMs: 10_000, rounds: 100, measureMs: 600_000 },
} as const;

async function garbage(rounds: number, withEvidence: boolean): Promise<Weighing> {
  const fed = await FedLoop.start({ withEvidence });
  try {
    for (let pass = 0; pass < WARM_UP_PASSES; pass++) fed.weigh(WARM_UP_ROUNDS, WARM_UP_CHUNKS);
    return fed.weigh(rounds, CHUNKS);
  } finally {
    fed.end();
  }
}

/** What the rounds say when they give no figure. */
function findingsOf(weighing: Weighing, rounds: number): Findings {
  if (!Number.isNaN(bytesPerFrame(weighing))) return {};
  const { collected, late } = weighing;
  if (collected > late)
    return {
      failures: [`garbage was collected within ${collected} of ${rounds} rounds: a frame leaves too much to weigh it`],
    };
  return { doubts: [`frames were late in ${late} of ${rounds} rounds: the host is too busy to weigh what they leave`] };
}

async function run({ size }: RunOptions): Promise<Result> {
  const { warmUpMs, rounds, measureMs } = plans[size];
  const weighing = await garbage(rounds, false);
  const toRing = bytesPerFrame(weighing);
  const sampled = bytesPerFrame(await garbage(rounds, true));
  const load = { name: 'the running bridge', boards: 1, rateHz: 10_000, warmUpMs, measureMs };
  const { answer, failures } = await underLoad(load, size);
  const found = findingsOf(weighing, rounds);
  const pauses = Float64Array.from(answer.collections, ({ durationMs }) => durationMs).sort();
  const pausedMs = pauses.reduce((sum, each) => sum + each, 0);
  const major = answer.collections.filter(({ kind }) => kind === 'major').length;
  const bars = [
    atMost('memory.heap_bytes_per_frame', exactly(toRing), 1),
    atMost('memory.gc_fraction', exactly(pausedMs / measureMs), 0.01),
    atMost('memory.gc_pause_p99_ms', exactly(pauses.length === 0 ? 0 : quantile(pauses, 0.99)), 1),
    ...(size === 'full' ? [atMost('memory.major_collections', exactly(major), 0)] : []),
  ];
  return {
    name: 'memory',
    ...verdictOf(bars, size, { failures: [...failures, ...(found.failures ?? [])], doubts: found.doubts ?? [] }),
    values: valuesOf(bars),
    bars,
    series: [],
    tables: [
      {
        title: `Main thread at 10 kHz binary, ${measureMs / 1e3} s`,
        columns: [
          'frames',
          'garbage B a frame, chunk to ring',
          'and the sample behind it',
          'collections',
          'of them major',
          'of the time',
          'pause p99 ms',
          'max ms',
        ],
        rows: [
          [
            answer.frames,
            figure(toRing),
            figure(sampled),
            pauses.length,
            major,
            `${((100 * pausedMs) / measureMs).toFixed(3)} %`,
            pauses.length === 0 ? 'none' : quantile(pauses, 0.99).toFixed(2),
            pauses.length === 0 ? 'none' : quantile(pauses, 1).toFixed(2),
          ],
        ],
        note: `The heap was weighed before and after ${CHUNKS} chunks of one frame each, handed to the whole loop of a board; rounds with a collection or a late frame do not count. The collections are those of the running bridge.`,
      },
    ],
  };
}

export default { description: 'garbage a frame, collections and their pauses at 10 kHz', run } satisfies Benchmark;
