/**
 * Command -> acknowledged by the board: from the instant at which a client wanted to send it, through the socket, the
 * gateway, the loop and the line, and back. Beside it the same command given inside of the bridge: the part of the line.
 */
import { monotonicUs } from '#dist/host-clock.js';
import type { Arm, Window } from './harness/arms.js';
import type { Benchmark, Result, RunOptions } from './harness/benchmark.js';
import { commandArm } from './harness/end-to-end-arms.js';
import { doubtsOf, measure, PTY_NOTE, withoutBars } from './harness/latency-row.js';
import { MeasuredBridge } from './harness/measured.js';
import { freePort, sleep } from './harness/processes.js';
import { RATE_HZ } from './harness/shortfall.js';
import { Board } from './harness/sources.js';

const FLOOR = 'inside of the bridge';
const BAND = { p50Us: [20, 3000], p99MaxUs: 20_000 } as const;

class LoopArm implements Arm {
  readonly name = FLOOR;
  readonly isOurs = true;
  #board!: Board;
  #bridge!: MeasuredBridge;

  async start(): Promise<void> {
    this.#board = await Board.start(RATE_HZ);
    const ports = { 'http.port': await freePort(), 'mqtt.port': await freePort() };
    this.#bridge = await MeasuredBridge.start([this.#board.port], ports);
    this.#board.rest();
  }

  async window(settleMs: number, measureMs: number): Promise<Window> {
    const sinceUs = monotonicUs();
    await this.#board.speak();
    const { zeroUs } = this.#board;
    await this.#bridge.first({ zeroUs, sinceUs });
    await sleep(settleMs);
    const { answer, cpu, rssMiB } = await this.#bridge.measure({ measureMs, zeroUs, isCommanding: true });
    this.#board.rest();
    const latenciesUs = Float64Array.from(answer.commandsUs).sort();
    const frames = { came: latenciesUs.length, sent: answer.commands };
    return { latenciesUs, cpu, rssMiB, frames };
  }

  async end(): Promise<void> {
    await this.#bridge?.program.end();
    await this.#board?.end();
  }
}

async function run(options: RunOptions): Promise<Result> {
  const measured = await measure([commandArm(), new LoopArm()], options);
  return withoutBars(
    'command',
    measured,
    'Command -> acknowledged by the board, 40 a second, while it streams at 1 kHz',
    `Inside of the bridge it counts from the call, for a client from the planned instant. The board looks at commands between its jobs. ${PTY_NOTE}`,
    doubtsOf(FLOOR, measured.figures[FLOOR]!, BAND),
  );
}

export default { description: 'command of a client -> acknowledged by the board', run } satisfies Benchmark;
