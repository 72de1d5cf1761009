/** Many WebSocket clients in one C program, and the arms that they are the audience of. */
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Arm, Window } from './arms.js';
import { type RunningBridge, type Settings, startTautline, tautlineSettings } from './bridges.js';
import { freePort, Program, temporaryFolder } from './processes.js';
import { plannedIn, RATE_HZ } from './shortfall.js';
import { Board, LineSource } from './sources.js';

export type Wish = 'immediate' | 'batched' | 'usual' | 'states' | 'text';

export interface CrowdTask {
  readonly wish: Wish;
  readonly httpPort: number;
  readonly clients: number;
  /** So many stop reading when they have joined. */
  readonly stopped?: number;
  readonly zeroNs: bigint;
  readonly settleMs: number;
  readonly measureMs: number;
}

/** Half of the 60 a second that a client asks for: of a tick that is late one state comes, not two. */
const STATES_HZ_MIN = 30;

/** Runs the clients. @param during what to do from the beginning of the measurement on */
export async function crowd(
  task: CrowdTask,
  during: () => Promise<void> = async () => {},
): Promise<Pick<Window, 'latenciesUs' | 'frames' | 'skipped'>> {
  const file = join(temporaryFolder(), 'latencies');
  const { wish, httpPort, clients, stopped = 0, zeroNs, settleMs, measureMs } = task;
  const args = [wish, httpPort, clients, stopped, zeroNs, settleMs, measureMs, file].map(String);
  const program = Program.start('dist/benchmarks/native/subscriber', args);
  try {
    await program.line(/^measuring/);
    await during();
    const [, came, skipped] = await program.line(/^done (\d+) (\d+)/);
    const bytes = readFileSync(file);
    const sent = clients * (wish === 'states' ? (STATES_HZ_MIN * measureMs) / 1e3 : plannedIn(measureMs));
    return {
      latenciesUs: Float64Array.from(new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4)).sort(),
      frames: { came: Number(came), sent },
      skipped: Number(skipped),
    };
  } finally {
    await program.end();
    rmSync(file, { force: true });
  }
}

/** The crowd's latencies, and what the bridge used meanwhile. */
async function watched(bridge: Program, task: CrowdTask): Promise<Window> {
  let cpuBefore = Number.NaN;
  let cpu = Number.NaN;
  const seen = await crowd(task, async () => {
    const beganMs = performance.now();
    cpuBefore = bridge.cpuSeconds();
    await new Promise((resolve) => setTimeout(resolve, task.measureMs * 0.95));
    cpu = (bridge.cpuSeconds() - cpuBefore) / ((performance.now() - beganMs) / 1e3);
  });
  return { ...seen, cpu, rssMiB: bridge.rssMiB() };
}

export class TautlineCrowd implements Arm {
  readonly name = 'Tautline';
  readonly isOurs = true;
  #board!: Board;
  #bridge!: RunningBridge;

  constructor(
    private readonly wish: Wish,
    private readonly clients: number,
    private readonly mqttPort: number,
    private readonly more: Settings = {},
  ) {}

  async start(): Promise<void> {
    this.#board = await Board.start(RATE_HZ);
    const settings = tautlineSettings(this.#board.port, await freePort(), this.mqttPort);
    this.#bridge = await startTautline({ ...settings, ...this.more });
    await this.#bridge.program.line(/streaming binary/);
    this.#board.rest();
  }

  async window(settleMs: number, measureMs: number): Promise<Window> {
    const { program, httpPort } = this.#bridge;
    await this.#board.speak();
    const { zeroNs } = this.#board;
    const task = { wish: this.wish, httpPort, clients: this.clients, zeroNs, settleMs, measureMs };
    const window = await watched(program, task);
    this.#board.rest();
    return window;
  }

  pause(): void {
    this.#bridge.program.pause();
  }

  resume(): void {
    this.#bridge.program.resume();
  }

  async end(): Promise<void> {
    await this.#bridge?.program.end();
    await this.#board?.end();
  }
}

export class PeerCrowd implements Arm {
  readonly isOurs = false;
  #source!: LineSource;
  #bridge!: RunningBridge;

  constructor(
    readonly name: string,
    private readonly clients: number,
    private readonly startBridge: (port: string) => Promise<RunningBridge>,
  ) {}

  async start(): Promise<void> {
    this.#source = await LineSource.start(RATE_HZ);
    this.#bridge = await this.startBridge(this.#source.port);
  }

  async window(settleMs: number, measureMs: number): Promise<Window> {
    this.#source.speak();
    const { program, httpPort } = this.#bridge;
    const task = { wish: 'text', httpPort, clients: this.clients, zeroNs: 0n, settleMs, measureMs } as const;
    const window = await watched(program, task);
    const sourceLateUs = await this.#source.rest();
    return { ...window, sourceLateUs };
  }

  async end(): Promise<void> {
    await this.#bridge?.program.end();
    await this.#source?.end();
  }
}
