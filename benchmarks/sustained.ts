/** Whether it keeps up: one board at 10 kHz, sixteen at 1 kHz, in the bridge as it ships; and what a frame costs at each rate. */
import { atMost, exactly, valuesOf } from './harness/bars.js';
import { type Benchmark, type Result, type RunOptions, verdictOf } from './harness/benchmark.js';
import { MeasuredBridge, type MeasuredWindow } from './harness/measured.js';
import { freePort, sleep } from './harness/processes.js';
import { Board } from './harness/sources.js';

const plans = {
  smoke: { warmUpMs: 1500, costMs: 1500, sustainMs: 2000 },
  normal: { warmUpMs: 4000, costMs: 15_000, sustainMs: 60_000 },
  full: { warmUpMs: 10_000, costMs: 60_000, sustainMs: 600_000 },
} as const;

export interface Load {
  readonly boards: number;
  readonly rateHz: number;
  readonly warmUpMs: number;
  readonly measureMs: number;
}

/** Boards that speak to one bridge with its default outlets. */
export async function underLoad({ boards, rateHz, warmUpMs, measureMs }: Load): Promise<MeasuredWindow> {
  const all: Board[] = [];
  let bridge: MeasuredBridge | undefined;
  try {
    for (let i = 0; i < boards; i++) all.push(await Board.start(rateHz, { id: `host${i}`, isExact: false }));
    bridge = await MeasuredBridge.start(
      all.map(({ port }) => port),
      { 'http.port': await freePort(), 'mqtt.port': await freePort() },
    );
    await sleep(warmUpMs);
    return await bridge.measure({ measureMs, zeroUs: all[0]!.zeroUs });
  } finally {
    await bridge?.program.end();
    await Promise.all(all.map((board) => board.end()));
  }
}

async function run({ size }: RunOptions): Promise<Result> {
  const { warmUpMs, costMs, sustainMs } = plans[size];
  const slow = await underLoad({ boards: 1, rateHz: 1000, warmUpMs, measureMs: costMs });
  const fast = await underLoad({ boards: 1, rateHz: 10_000, warmUpMs, measureMs: sustainMs });
  const many = await underLoad({ boards: 16, rateHz: 1000, warmUpMs, measureMs: sustainMs });
  const perFrameUs = ({ cpu, answer }: MeasuredWindow, ms: number) => (cpu * ms * 1e3) / answer.frames;
  const bars = [
    atMost('sustained.one_10khz_lost', exactly(fast.answer.lost), 0),
    atMost('sustained.sixteen_1khz_lost', exactly(many.answer.lost), 0),
    atMost('sustained.cpu_per_frame_10k_over_1k', exactly(perFrameUs(fast, sustainMs) / perFrameUs(slow, costMs)), 0.6),
  ];
  const row = (name: string, window: MeasuredWindow, ms: number) => {
    const { frames, lost, skipped, corrupt, wakeUps } = window.answer;
    const cpu = `${(window.cpu * 100).toFixed(1)} %`;
    return [name, ms / 1e3, frames, lost, corrupt, skipped, cpu, perFrameUs(window, ms).toFixed(1), wakeUps];
  };
  return {
    name: 'sustained',
    ...verdictOf(bars, []),
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
          'corrupt',
          'not released by the board',
          'CPU',
          'CPU a frame, µs',
          'wake-ups',
        ],
        rows: [
          row('1 at 1 kHz', slow, costMs),
          row('1 at 10 kHz', fast, sustainMs),
          row('16 at 1 kHz', many, sustainMs),
        ],
        note: 'A release that the board’s own process had no CPU for was never a frame: it is counted apart.',
      },
    ],
  };
}

export default {
  description: '10 kHz, and sixteen boards: nothing lost, and what a frame costs',
  run,
} satisfies Benchmark;
