/**
 * Whether the loop minds the others: serial to verdict with 1,000 clients (every frame, as they come by default), 100 of
 * whom have stopped reading, while the broker is restarted again and again; beside the same loop with nobody there.
 */
import { type Arm, interleave, quantiles, type Window } from './harness/arms.js';
import { atMost, valuesOf } from './harness/bars.js';
import { type Benchmark, type Result, type RunOptions, verdictOf } from './harness/benchmark.js';
import { crowd } from './harness/crowd.js';
import { PTY_NOTE, tableOf } from './harness/latency-row.js';
import { MeasuredBridge } from './harness/measured.js';
import { freePort, type Program, sleep, startMosquitto } from './harness/processes.js';
import { countOf, RATE_HZ, shortfallsOf } from './harness/shortfall.js';
import { Board } from './harness/sources.js';
import { ratioOfMedians } from './harness/statistics.js';

const CLIENTS = 1000;
const STOPPED = 100;
const BROKER_LIVES_MS = 700;

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
    const frames = countOf(answer.boards[0]!, measureMs);
    return { latenciesUs: Float64Array.from(answer.latenciesUs).sort(), cpu, rssMiB, frames };
  }

  /** The broker dies and comes back until the time is over. */
  async restartBroker(measureMs: number): Promise<void> {
    for (const untilMs = performance.now() + measureMs - BROKER_LIVES_MS; performance.now() < untilMs; ) {
      await this.broker?.end();
      await this.startBroker();
      await sleep(BROKER_LIVES_MS);
    }
  }

  async end(): Promise<void> {
    await this.bridge?.program.end();
    await this.board?.end();
    await this.broker?.end();
  }
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
      async window(settleMs, measureMs) {
        const { httpPort, board } = bench;
        let window!: Window;
        // The clients stay a little longer than they are looked at.
        const task = { httpPort, zeroNs: board.zeroNs, settleMs, measureMs: measureMs + 300 };
        await crowd({ ...task, wish: 'usual', clients: CLIENTS, stopped: STOPPED }, async () => {
          const broker = bench.restartBroker(measureMs);
          window = await bench.measure(measureMs);
          await broker;
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
    const bars = [atMost('loop.p90_loaded_over_idle', ratio, 1.2)];
    return {
      name: 'loop',
      ...verdictOf(bars, size, shortfallsOf(arms, windows, size)),
      values: valuesOf(bars),
      bars,
      series: [],
      tables: [
        tableOf(
          windows,
          'Serial to verdict, 1 kHz',
          `Loaded: ${CLIENTS} WebSocket clients on every frame, ${STOPPED} of them not reading, the broker restarted every ${BROKER_LIVES_MS} ms. CPU is that of the bridge with all its outlets. ${PTY_NOTE}`,
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
