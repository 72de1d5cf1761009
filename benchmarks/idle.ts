/** What it costs to have it running: 1 kHz, every check on, state over MQTT, one dashboard open. */
import { cpuOf, interleave, rssOf } from './harness/arms.js';
import { atMost, valuesOf } from './harness/bars.js';
import { type Benchmark, type Result, type RunOptions, verdictOf } from './harness/benchmark.js';
import { startTextbook } from './harness/bridges.js';
import { PeerCrowd, TautlineCrowd } from './harness/crowd.js';
import { doubtsOf, figuresOf, seriesOf } from './harness/latency-row.js';
import { priorityNote } from './harness/priority.js';
import { startMosquitto } from './harness/processes.js';
import { shortfallsOf } from './harness/shortfall.js';
import { median, ratioOfMedians } from './harness/statistics.js';

/** Of the textbook bridge, which gets a frame a millisecond to its dashboard. */
const BAND = { p50Us: [20, 2000], p99MaxUs: 20_000 } as const;

const plans = {
  smoke: { windows: 2, warmUpMs: 1500, settleMs: 300, measureMs: 700 },
  normal: { windows: 12, warmUpMs: 4000, settleMs: 500, measureMs: 2000 },
  full: { windows: 24, warmUpMs: 10_000, settleMs: 1000, measureMs: 10_000 },
} as const;

async function run({ size, seed }: RunOptions): Promise<Result> {
  const { broker, port } = await startMosquitto();
  try {
    const arms = [
      new TautlineCrowd('states', 1, port, { 'mqtt.frames': false }),
      new PeerCrowd('textbook', 1, (path) => startTextbook(path, port, 'plain')),
    ];
    const windows = await interleave(arms, { ...plans[size], seed });
    const [tautline, textbook] = [windows.Tautline!, windows.textbook!];
    const bars = [
      atMost('idle.cpu_over_textbook', ratioOfMedians(cpuOf(tautline), cpuOf(textbook), seed), 0.6),
      atMost('idle.rss_over_textbook', ratioOfMedians(rssOf(tautline), rssOf(textbook), seed), 1.3),
    ];
    const figures = figuresOf(windows);
    const short = shortfallsOf(arms, windows, size);
    const doubts = [...short.doubts, ...doubtsOf('textbook', figures.textbook!, BAND)];
    return {
      name: 'idle',
      ...verdictOf(bars, size, { failures: short.failures, doubts }),
      values: valuesOf(bars),
      bars,
      windows: figures,
      series: seriesOf(windows).filter(({ latenciesUs }) => latenciesUs.length > 0),
      tables: [
        {
          title: 'One board at 1 kHz, one dashboard (newest state at 60 Hz), state over MQTT',
          columns: ['bridge', 'CPU', 'RSS MiB'],
          rows: Object.entries(windows).map(([name, of]) => [
            name,
            `${(median(cpuOf(of)) * 100).toFixed(1)} %`,
            median(rssOf(of)).toFixed(0),
          ]),
          note: `The textbook bridge has no states: its dashboard gets each frame, and the broker too. ${priorityNote()}`,
        },
      ],
    };
  } finally {
    await broker.end();
  }
}

export default { description: 'CPU and memory at 1 kHz with a dashboard open', run } satisfies Benchmark;
