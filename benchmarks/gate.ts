/**
 * `npm run bench -- gate`: does the comparison by which figures are judged see what it must, on this machine, now? In 20
 * trials of 12 windows each, the same code must pass against itself, and 60 µs planted into the loop must be found.
 */
import { type Benchmark, figure, type Result, type RunOptions, verdictOf } from './harness/benchmark.js';
import { compareSideBySide } from './harness/gate.js';
import { MeasuredBridge } from './harness/measured.js';
import { freePort, sleep } from './harness/processes.js';
import { Board } from './harness/sources.js';
import { median, mulberry32, quantile } from './harness/statistics.js';

const WINDOWS = 12;
const PLANTED_US = 60;
const NEEDED = 0.95;
const plans = {
  smoke: { trials: 2, windowMs: 60, warmUpMs: 1500 },
  normal: { trials: 20, windowMs: 150, warmUpMs: 4000 },
  full: { trials: 20, windowMs: 500, warmUpMs: 8000 },
} as const;

async function run({ size, seed }: RunOptions): Promise<Result> {
  const { trials, windowMs, warmUpMs } = plans[size];
  const board = await Board.start(1000);
  const bridge = await MeasuredBridge.start([board.port], {
    'http.port': await freePort(),
    'mqtt.port': await freePort(),
  });
  const random = mulberry32(seed);
  const p50: Record<'plain' | 'again' | 'planted', number[]> = { plain: [], again: [], planted: [] };
  try {
    await sleep(warmUpMs);
    for (let i = 0; i < trials * WINDOWS; i++) {
      const order = (['plain', 'again', 'planted'] as const).map((name) => ({ name, at: random() }));
      for (const { name } of order.sort((a, b) => a.at - b.at)) {
        const plantedUs = name === 'planted' ? PLANTED_US : 0;
        const { answer } = await bridge.measure({ measureMs: windowMs, zeroUs: board.zeroUs, plantedUs });
        p50[name].push(quantile(Float64Array.from(answer.latenciesUs).sort(), 0.5));
      }
    }
  } finally {
    await bridge.program.end();
    await board.end();
  }
  const trial = (name: 'again' | 'planted', i: number) => {
    const of = (windows: readonly number[]) => windows.slice(i * WINDOWS, (i + 1) * WINDOWS);
    return compareSideBySide(of(p50.plain), of(p50[name]), seed + i);
  };
  const all = Array.from({ length: trials }, (_, i) => ({ same: trial('again', i), planted: trial('planted', i) }));
  const passed = all.filter(({ same }) => same.difference !== 'slower').length;
  const found = all.filter(({ planted }) => planted.difference === 'slower').length;
  const reasons = [
    ...(passed < NEEDED * trials ? [`the same code was called slower in ${trials - passed} of ${trials} trials`] : []),
    ...(found < NEEDED * trials ? [`${PLANTED_US} µs were found in only ${found} of ${trials} trials`] : []),
  ];
  return {
    name: 'gate',
    ...verdictOf([], size, { failures: size === 'smoke' ? [] : reasons }),
    values: { trials, same_code_passed: passed, planted_found: found },
    series: [],
    tables: [
      {
        title: `Trials of ${WINDOWS} windows of ${windowMs} ms a side, by the p50 from release to verdict`,
        columns: ['', 'trials', 'as it must be', 'p50 µs', 'ratio, median of the trials'],
        rows: [
          [
            'the same code against itself',
            trials,
            passed,
            figure(median(p50.again)),
            ratioOf(all.map(({ same }) => same)),
          ],
          [
            `${PLANTED_US} µs planted`,
            trials,
            found,
            figure(median(p50.planted)),
            ratioOf(all.map(({ planted }) => planted)),
          ],
        ],
      },
    ],
  };
}

const ratioOf = (all: readonly { readonly ratio: { readonly value: number } }[]): string =>
  figure(median(all.map(({ ratio }) => ratio.value)));

export default {
  description: 'self-test: the same code passes against itself, planted slowness is found',
  run,
} satisfies Benchmark;
