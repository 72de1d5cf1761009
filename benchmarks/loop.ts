/**
 * Whether the loop minds the others: serial to verdict with 1,000 clients (every frame, as they come by default), 100 of
 * whom have stopped reading, while the broker is restarted again and again; beside the same loop with nobody there.
 */
import { type Arm, interleave, quantiles, type Window } from './harness/arms.js';
import { atMost, valuesOf } from './harness/bars.js';
import { type Benchmark, type Result, type RunOptions, verdictOf } from './harness/benchmark.js';
import { crowd } from './harness/crowd.js';
import { doubtsOf, figuresOf, PTY_NOTE, seriesOf, tableOf } from './harness/latency-row.js';
import { MeasuredBridge } from './harness/measured.js';
import { metricOf } from './harness/metric.js';
import { freePort, type Program, sleep, startMosquitto } from './harness/processes.js';
import { plannedIn, RATE_HZ, shortfallsOf } from './harness/shortfall.js';
import { Board } from './harness/sources.js';
import { median, ratioOfMedians } from './harness/statistics.js';

const CLIENTS = 1000;
const STOPPED = 100;
const BROKER_LIVES_MS = 700;
const BAND = { p50Us: [10, 300], p99MaxUs: 10_000 } as const;

const plans = {
  smoke: { windows: 1, warmUpMs: 1500, settleMs: 300, measureMs: 700 },
  normal: { windows: 12, warmUpMs: 3000, settleMs: 600, measureMs: 1800 },
  full: { windows: 24, warmUpMs: 8000, settleMs: 1000, measureMs: 8000 },
} as const;

/** One bridge for both. */
class Bench {
  board!: Board;
  bridge!: MeasuredBridge;
  readonly mqttPort: number;
  readonly httpPort: number;
  broker: Program | undefined;
  #hasEnded = false;

  private constructor(mqttPort: number, httpPort: number) {
    this.mqttPort = mqttPort;
    this.httpPort = httpPort;
  }

  static async start(): Promise<Bench> {
    const bench = new Bench(await freePort(), await freePort());
    await bench.startBroker();
    bench.board = await Board.start(RATE_HZ);
    bench.bridge = await MeasuredBridge.start([bench.board.port], {
      'http.port': bench.httpPort,
      'mqtt.url': `mqtt://127.0.0.1:${bench.mqttPort}`,
      'mqtt.frames': true,
    });
    return bench;
  }

  async startBroker(): Promise<void> {
    this.broker = (await startMosquitto(this.mqttPort)).broker;
  }

  async measure(measureMs: number): Promise<Window> {
    const { answer, cpu, rssMiB } = await this.bridge.measure({ measureMs, zeroUs: this.board.zeroUs });
    const latenciesUs = Float64Array.from(answer.latenciesUs).sort();
    const frames = { came: latenciesUs.length, sent: plannedIn(measureMs) };
    return { latenciesUs, cpu, rssMiB, frames, skipped: answer.counted };
  }

  /** Messages that the gateway has not sent to clients that do not read, so far. */
  conflated(): Promise<number> {
    return metricOf(this.httpPort, 'tautline_ws_conflated_total');
  }

  /** The broker dies and comes back until the time is over. */
  async restartBroker(measureMs: number): Promise<void> {
    for (
      const untilMs = performance.now() + measureMs - BROKER_LIVES_MS;
      !this.#hasEnded && performance.now() < untilMs;
    ) {
      await this.broker?.end();
      await this.startBroker();
      await sleep(BROKER_LIVES_MS);
    }
  }

  async end(): Promise<void> {
    this.#hasEnded = true;
    await this.bridge?.program.end();
    await this.board?.end();
    await this.broker?.end();
  }
}

/** A window beside the clients. */
interface LoadedWindow extends Window {
  /** Messages that were not sent to those that do not read. */
  readonly conflated: number;
}

/** The load that was meant was not there. */
export function unloadedOf(conflated: readonly number[]): string[] {
  const without = conflated.filter((count) => !(count > 0)).length;
  return without === 0
    ? []
    : [`in ${without} of ${conflated.length} windows the gateway kept nothing back from the clients that do not read`];
}

function armsOf(bench: Bench): Arm[] {
  const nothing = async () => {};
  return [
    {
      name: 'idle',
      isOurs: true,
      start: nothing,
      end: nothing,
      async window(settleMs, measureMs) {
        await sleep(settleMs);
        return bench.measure(measureMs);
      },
    },
    {
      name: 'loaded',
      isOurs: true,
      start: nothing,
      end: nothing,
      async window(settleMs, measureMs): Promise<LoadedWindow> {
        const { httpPort, board } = bench;
        let window!: LoadedWindow;
        // The clients stay a little longer than they are looked at.
        const task = { httpPort, zeroNs: board.zeroNs, settleMs, measureMs: measureMs + 300 };
        await crowd({ ...task, wish: 'usual', clients: CLIENTS, stopped: STOPPED }, async () => {
          const before = await bench.conflated();
          const [measured] = await Promise.all([bench.measure(measureMs), bench.restartBroker(measureMs)]);
          window = { ...measured, conflated: (await bench.conflated()) - before };
        });
        return window;
      },
    },
  ];
}

async function run({ size, seed }: RunOptions): Promise<Result> {
  const bench = await Bench.start();
  try {
    const arms = armsOf(bench);
    const windows = await interleave(arms, { ...plans[size], seed });
    const ratio = ratioOfMedians(quantiles(windows.loaded!, 0.9), quantiles(windows.idle!, 0.9), seed);
    const conflated = (windows.loaded as LoadedWindow[]).map((window) => window.conflated);
    const figures = figuresOf(windows);
    const short = shortfallsOf(arms, windows, size);
    const doubts = [...short.doubts, ...doubtsOf('idle', figures.idle!, BAND), ...unloadedOf(conflated)];
    const bars = [atMost('loop.p90_loaded_over_idle', ratio, 1.2)];
    return {
      name: 'loop',
      ...verdictOf(bars, size, { failures: short.failures, doubts }),
      values: valuesOf(bars),
      bars,
      windows: figures,
      series: seriesOf(windows),
      tables: [
        tableOf(
          windows,
          'Serial to verdict, 1 kHz',
          `Loaded: ${CLIENTS} WebSocket clients on every frame, ${STOPPED} of them reading nothing since they joined: the gateway kept back ${median(conflated)} messages from them in the middle window (${Math.min(...conflated)} to ${Math.max(...conflated)}); the broker restarted every ${BROKER_LIVES_MS} ms. CPU is that of the bridge with all its outlets. ${PTY_NOTE}`,
        ),
      ],
    };
  } finally {
    await bench.end();
  }
}

export default {
  description: 'the loop beside 1,000 clients, stopped readers and a broker that restarts',
  run,
} satisfies Benchmark;
