/** Whether it keeps up: one board at 10 kHz, sixteen at 1 kHz, in the bridge as it ships; and what a frame costs at each rate. */
import { atMost, exactly, valuesOf } from './harness/bars.js';
import { type Benchmark, type Result, type RunOptions, verdictOf } from './harness/benchmark.js';
import { MeasuredBridge, type MeasuredWindow } from './harness/measured.js';
import { freePort, sleep } from './harness/processes.js';
import { restartsOf, silencesOf } from './harness/shortfall.js';
import { Board } from './harness/sources.js';

const plans = {
  smoke: { warmUpMs: 1500, costMs: 1500, sustainMs: 2000 },
  normal: { warmUpMs: 4000, costMs: 15_000, sustainMs: 60_000 },
  full: { warmUpMs: 10_000, costMs: 60_000, sustainMs: 600_000 },
} as const;

export interface Load {
  /** As its row is called. */
  readonly name: string;
  readonly boards: number;
  readonly rateHz: number;
  readonly warmUpMs: number;
  readonly measureMs: number;
}

/** A window, and what was wrong with it. */
export interface LoadedWindow extends MeasuredWindow {
  readonly load: Load;
  readonly failures: readonly string[];
}

/** Boards that speak to one bridge with its default outlets. */
export async function underLoad(load: Load, size: RunOptions['size']): Promise<LoadedWindow> {
  const { name, boards, rateHz, warmUpMs, measureMs } = load;
  const all: Board[] = [];
  let bridge: MeasuredBridge | undefined;
  try {
    for (let i = 0; i < boards; i++) all.push(await Board.start(rateHz, { id: `host${i}`, isExact: false }));
    bridge = await MeasuredBridge.start(
      all.map(({ port }) => port),
      { 'http.port': await freePort(), 'mqtt.port': await freePort() },
    );
    await sleep(warmUpMs);
    const window = await bridge.measure({ measureMs, zeroUs: all[0]!.zeroUs });
    const { answer } = window;
    const silences = silencesOf(name, answer.boards, rateHz, measureMs, size);
    return { ...window, load, failures: [...silences, ...restartsOf(name, answer.sessionsLost)] };
  } finally {
    await bridge?.program.end();
    await Promise.all(all.map((board) => board.end()));
  }
}

async function run({ size }: RunOptions): Promise<Result> {
  const { warmUpMs, costMs, sustainMs } = plans[size];
  const loads = [
    { name: '1 at 1 kHz', boards: 1, rateHz: 1000, warmUpMs, measureMs: costMs },
    { name: '1 at 10 kHz', boards: 1, rateHz: 10_000, warmUpMs, measureMs: sustainMs },
    { name: '16 at 1 kHz', boards: 16, rateHz: 1000, warmUpMs, measureMs: sustainMs },
  ];
  const windows: LoadedWindow[] = [];
  for (const load of loads) windows.push(await underLoad(load, size));
  const [slow, fast, many] = windows as [LoadedWindow, LoadedWindow, LoadedWindow];
  const perFrameUs = ({ cpu, answer, load }: LoadedWindow) => (cpu * load.measureMs * 1e3) / answer.frames;
  const bars = [
    atMost('sustained.one_10khz_lost', exactly(fast.answer.lost), 0),
    atMost('sustained.sixteen_1khz_lost', exactly(many.answer.lost), 0),
    atMost('sustained.cpu_per_frame_10k_over_1k', exactly(perFrameUs(fast) / perFrameUs(slow)), 0.6),
  ];
  const row = (window: LoadedWindow) => {
    const { name, measureMs } = window.load;
    const { frames, lost, sessionsLost, skipped, corrupt, wakeUps } = window.answer;
    const cpu = `${(window.cpu * 100).toFixed(1)} %`;
    return [
      name,
      measureMs / 1e3,
      frames,
      lost,
      sessionsLost,
      corrupt,
      skipped,
      cpu,
      perFrameUs(window).toFixed(1),
      wakeUps,
    ];
  };
  return {
    name: 'sustained',
    ...verdictOf(bars, size, { failures: windows.flatMap(({ failures }) => failures) }),
    values: valuesOf(bars),
    bars,
    series: [],
    tables: [
      {
        title: 'Frames of the firmware’s host port, binary, default outlets, nobody connected',
        columns: [
          'boards',
          's',
          'frames',
          'lost',
          'sessions lost',
          'corrupt',
          'not released by the board',
          'CPU',
          'CPU a frame, µs',
          'wake-ups',
        ],
        rows: windows.map(row),
        note: 'A release that the board’s own process had no CPU for was never a frame: it is counted apart.',
      },
    ],
  };
}

export default {
  description: '10 kHz, and sixteen boards: nothing lost, and what a frame costs',
  run,
} satisfies Benchmark;
