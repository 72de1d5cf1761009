/**
 * From one thread to another: how long until a worker that sleeps is awake, and how long that takes the one who wakes it.
 * Once a millisecond, as a board's frames do. The floor is a thread that does nothing but wait in the kernel.
 */
import { writeSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { monotonicUs } from '#dist/host-clock.js';
import type { HandoffTask, Way } from './handoff-worker.js';
import type { Benchmark, Result, RunOptions } from './harness/benchmark.js';
import { temporaryFolder } from './harness/processes.js';
import { quantile } from './harness/statistics.js';

const names: Record<Way, string> = {
  blocked: 'Atomics.notify, the worker blocked in Atomics.wait (floor)',
  message: 'postMessage, as it ships',
  socket: 'a byte on a UNIX socket',
};
const PERIOD_MS = 1;
/** Wake-ups of one way before the turn of the next. */
const TURN = 100;
const turns = { smoke: 2, normal: 30, full: 200 } as const;

class Sleeper {
  readonly latenciesUs: number[] = [];
  readonly costsUs: number[] = [];
  readonly #control = new Int32Array(new SharedArrayBuffer(8));
  readonly #stamps = new Float64Array(new SharedArrayBuffer(8));
  readonly #folder = temporaryFolder();
  readonly #server = createServer((socket) => {
    this.#socket = socket;
  });
  #socket: Socket | undefined;
  #worker!: Worker;

  constructor(readonly way: Way) {}

  async start(): Promise<void> {
    const path = join(this.#folder, 'socket');
    await new Promise<void>((resolve) => this.#server.listen(path, resolve));
    const task: HandoffTask = {
      way: this.way,
      control: this.#control.buffer as SharedArrayBuffer,
      stamps: this.#stamps.buffer as SharedArrayBuffer,
      path,
    };
    this.#worker = new Worker(new URL('./handoff-worker.js', import.meta.url), { workerData: task });
    await new Promise((resolve) => this.#worker.once('message', resolve));
  }

  /** One wake-up. Nothing else is to be done on this thread meanwhile. */
  wake(idle: Int32Array): void {
    Atomics.wait(idle, 0, 0, PERIOD_MS);
    const beganUs = monotonicUs();
    const number = Atomics.add(this.#control, 0, 1) + 1;
    if (this.way === 'blocked') Atomics.notify(this.#control, 0);
    else if (this.way === 'message') this.#worker.postMessage(1);
    else writeSync((this.#socket as unknown as { _handle: { fd: number } })._handle.fd, Uint8Array.of(1));
    this.costsUs.push(monotonicUs() - beganUs);
    // Asleep while the other one wakes up: a thread that looked again and again would be a neighbour that it does not have.
    for (let ms = 0; Atomics.load(this.#control, 1) !== number && ms < 100; ms++) Atomics.wait(idle, 0, 0, PERIOD_MS);
    this.latenciesUs.push(this.#stamps[0]! - beganUs);
  }

  async end(): Promise<void> {
    await this.#worker.terminate();
    this.#socket?.destroy();
    this.#server.close();
  }
}

async function run({ size }: RunOptions): Promise<Result> {
  const sleepers = (['blocked', 'message', 'socket'] as const).map((way) => new Sleeper(way));
  const idle = new Int32Array(new SharedArrayBuffer(4));
  for (const sleeper of sleepers) await sleeper.start();
  for (let turn = 0; turn < turns[size]; turn++) {
    for (const sleeper of sleepers) for (let i = 0; i < TURN; i++) sleeper.wake(idle);
    await new Promise(setImmediate);
  }
  for (const sleeper of sleepers) await sleeper.end();
  const rows = sleepers.map(({ way, latenciesUs, costsUs }) => {
    const [latency, cost] = [Float64Array.from(latenciesUs).sort(), Float64Array.from(costsUs).sort()];
    const at = { p50_us: quantile(latency, 0.5), p90_us: quantile(latency, 0.9), p99_us: quantile(latency, 0.99) };
    return { way, ...at, cost_p50_us: quantile(cost, 0.5), count: latency.length };
  });
  return {
    name: 'handoff',
    verdict: 'pass',
    reasons: [],
    values: Object.fromEntries(rows.map(({ way, ...figures }) => [way, figures])),
    series: [],
    tables: [
      {
        title: 'From one thread to another that sleeps, each millisecond; µs',
        columns: ['way', 'p50', 'p90', 'p99', 'of it the waker, p50', 'wake-ups'],
        rows: rows.map(({ way, p50_us, p90_us, p99_us, cost_p50_us, count }) => [
          names[way],
          ...[p50_us, p90_us, p99_us, cost_p50_us].map((us) => us.toFixed(1)),
          count,
        ]),
      },
    ],
  };
}

export default {
  description: 'from one thread to another: how soon a sleeping worker is awake',
  run,
} satisfies Benchmark;
