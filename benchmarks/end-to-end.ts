/**
 * Board → WebSocket client and board → MQTT subscriber, beside the bridge as everybody writes it first, and a C program
 * that only reads the port. Windows of all of them alternate in one run, because the machine's mood changes.
 *
 * Open loop: latency counts from the planned release of each frame. The board is the firmware's host port, whose line is
 * fast enough (20 Mbit/s) to leave the wire's own time out: a pseudo-terminal has none, and the textbook's source has none.
 */
import type { Benchmark, Result, RunOptions, Series, Table } from './harness/benchmark.js';
import { freePort, Program, root, sleep, startMosquitto, untilListening } from './harness/processes.js';
import { median, quantile } from './harness/statistics.js';
import type { ProbeAnswer, ProbeTask } from './probe.js';

const RATE_HZ = 1000;
const V8_FLAGS = ['--no-memory-reducer', '--min-semi-space-size=16'];
/** A floor outside of this band says that the machine was busy with something else: no figure of this run means anything. */
const FLOOR_P50_MAX_US = 200;
const FLOOR_P99_MAX_US = 3000;

interface Window {
  readonly webSocketUs: Float64Array;
  readonly mqttUs: Float64Array;
  readonly cpu: number;
  readonly rssMiB: number;
}

const sizes = {
  smoke: { windows: 1, seconds: 2, warmUpSeconds: 2 },
  normal: { windows: 5, seconds: 6, warmUpSeconds: 4 },
  full: { windows: 12, seconds: 10, warmUpSeconds: 5 },
} as const;

async function floorWindow(seconds: number): Promise<Float64Array> {
  const source = Program.start('dist/benchmarks/native/line-source', [String(RATE_HZ)]);
  const [, port] = await source.line(/^port (.+)/);
  const reader = Program.start('dist/benchmarks/native/line-reader', [port!, String(seconds)]);
  await reader.exited;
  await source.end();
  return Float64Array.from(reader.lines, Number).sort();
}

async function probe(task: ProbeTask, bridge: Program): Promise<Window> {
  const program = Program.start(process.execPath, ['dist/benchmarks/probe.js', JSON.stringify(task)]);
  const answered = new Promise<ProbeAnswer>((resolve, reject) => {
    program.child.once('message', (answer) => resolve(answer as ProbeAnswer));
    void program.exited.then(() => reject(new Error(`the probe ended:\n${program.lines.join('\n')}`)));
  });
  await Promise.race([sleep(task.warmUpSeconds * 1000), program.exited]);
  const cpuBefore = bridge.cpuSeconds();
  const answer = await answered;
  return {
    webSocketUs: Float64Array.from(answer.webSocketUs).sort(),
    mqttUs: Float64Array.from(answer.mqttUs).sort(),
    cpu: (bridge.cpuSeconds() - cpuBefore) / task.seconds,
    rssMiB: bridge.rssMiB(),
  };
}

type Size = (typeof sizes)[keyof typeof sizes];

async function tautlineWindow(mqttPort: number, size: Size): Promise<Window> {
  const source = Program.start('firmware/build/host/tautline-host', ['--rate', String(RATE_HZ), '--baud', '20000000']);
  const [, port] = await source.line(/^port (.+)/);
  const [, zeroNs] = await source.line(/^zero (\d+)/);
  const httpPort = await freePort();
  const settings = {
    'board.path': port,
    'board.baud': 20_000_000,
    'http.port': httpPort,
    'mqtt.url': `mqtt://127.0.0.1:${mqttPort}`,
    'mqtt.frames': true,
  };
  const set = Object.entries(settings).flatMap(([key, value]) => ['--set', `${key}=${value}`]);
  const bridge = Program.start(process.execPath, [...V8_FLAGS, 'dist/cli.js', 'start', ...set]);
  await untilListening(httpPort);
  await bridge.line(/streaming binary/);
  const task: ProbeTask = { bridge: 'tautline', httpPort, mqttPort, zeroUs: Number(zeroNs) / 1e3, ...size };
  const window = await probe(task, bridge);
  await Promise.all([bridge.end(), source.end()]);
  return window;
}

async function textbookWindow(mqttPort: number, size: Size, nodelay: boolean): Promise<Window> {
  const source = Program.start('dist/benchmarks/native/line-source', [String(RATE_HZ)]);
  const [, port] = await source.line(/^port (.+)/);
  const httpPort = await freePort();
  const args = ['benchmarks/peers/textbook.mjs', port!, String(httpPort), `mqtt://127.0.0.1:${mqttPort}`];
  const bridge = Program.start(process.execPath, nodelay ? [...args, 'nodelay'] : args);
  await untilListening(httpPort);
  const window = await probe({ bridge: 'textbook', httpPort, mqttPort, zeroUs: 0, ...size }, bridge);
  await Promise.all([bridge.end(), source.end()]);
  return window;
}

const rows = ['tautline', 'textbook', 'textbook + TCP_NODELAY'] as const;

async function run({ size: name }: RunOptions): Promise<Result> {
  const size = sizes[name];
  const { broker, port, configuration } = await startMosquitto();
  const floors: Float64Array[] = [];
  const windows: Record<(typeof rows)[number], Window[]> = { tautline: [], textbook: [], 'textbook + TCP_NODELAY': [] };
  try {
    for (let i = 0; i < size.windows; i++) {
      process.stderr.write(`window ${i + 1} of ${size.windows} (in ${root})\n`);
      floors.push(await floorWindow(size.seconds));
      windows.tautline.push(await tautlineWindow(port, size));
      windows.textbook.push(await textbookWindow(port, size, false));
      windows['textbook + TCP_NODELAY'].push(await textbookWindow(port, size, true));
    }
  } finally {
    await broker.end();
  }
  return summarise(floors, windows, configuration);
}

function summarise(
  floors: readonly Float64Array[],
  windows: Readonly<Record<string, readonly Window[]>>,
  configuration: string,
): Result {
  const of = (samples: readonly Float64Array[], fraction: number) =>
    median(samples.map((each) => quantile(each, fraction)));
  const floorP50 = of(floors, 0.5);
  const floorP99 = of(floors, 0.99);
  const values: Record<string, unknown> = { floor: { p50Us: floorP50, p99Us: floorP99 } };
  const table: (string | number)[][] = [['C reader of the port (floor)', 'port', ...ladder(floors), '', '']];
  const series: Series[] = [{ name: 'floor', latenciesUs: merged(floors) }];
  for (const name of rows) {
    const of_ = windows[name]!;
    for (const [path, pick] of [
      ['webSocket', (w: Window) => w.webSocketUs],
      ['mqtt', (w: Window) => w.mqttUs],
    ] as const) {
      const samples = of_.map(pick);
      const cpu = median(of_.map(({ cpu }) => cpu));
      const rss = median(of_.map(({ rssMiB }) => rssMiB));
      table.push([
        name,
        path === 'mqtt' ? 'MQTT subscriber' : 'WebSocket client',
        ...ladder(samples),
        `${(cpu * 100).toFixed(0)} %`,
        rss.toFixed(0),
      ]);
      series.push({ name: `${name}, ${path}`, latenciesUs: merged(samples) });
      const key = name === 'textbook + TCP_NODELAY' ? 'textbookNodelay' : name;
      values[key] = {
        ...(values[key] as object | undefined),
        [path]: {
          p50Us: of(samples, 0.5),
          p90Us: of(samples, 0.9),
          p99Us: of(samples, 0.99),
          frames: merged(samples).length,
        },
        cpu,
        rssMiB: rss,
      };
    }
  }
  const reasons: string[] = [];
  if (floorP50 > FLOOR_P50_MAX_US)
    reasons.push(`floor p50 ${floorP50.toFixed(0)} µs is over ${FLOOR_P50_MAX_US} µs: the machine is busy`);
  if (floorP99 > FLOOR_P99_MAX_US)
    reasons.push(`floor p99 ${floorP99.toFixed(0)} µs is over ${FLOOR_P99_MAX_US} µs: the machine is busy`);
  const tables: Table[] = [
    {
      title: `From the planned release at ${RATE_HZ} Hz to the subscriber's callback, µs: medians of ${floors.length} windows`,
      columns: ['bridge', 'to', 'p50', 'p90', 'p99', 'max', 'frames', 'CPU of the bridge', 'RSS MiB'],
      rows: table,
      note: `Mosquitto with: ${configuration.trim().replaceAll('\n', '; ')}. A pseudo-terminal has no bit rate and no USB: a real line adds its own time to every row.`,
    },
  ];
  return { name: 'end-to-end', values, verdict: reasons.length > 0 ? 'inconclusive' : 'pass', reasons, tables, series };
}

function ladder(samples: readonly Float64Array[]): (string | number)[] {
  const at = (fraction: number) => median(samples.map((each) => quantile(each, fraction))).toFixed(0);
  return [at(0.5), at(0.9), at(0.99), at(1), merged(samples).length];
}

function merged(samples: readonly Float64Array[]): Float64Array {
  const all = new Float64Array(samples.reduce((sum, each) => sum + each.length, 0));
  let at = 0;
  for (const each of samples) {
    all.set(each, at);
    at += each.length;
  }
  return all.sort();
}

export default {
  description: 'board -> WebSocket client and -> MQTT subscriber, beside the textbook bridge and the floor',
  run,
} satisfies Benchmark;
