/** A board on a port and the whole bridge with its outlets, in real time: what `tautline start` runs, in this process. */
import { setTimeout as sleep } from 'node:timers/promises';
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import type { ResetBy } from '../board/emulated/board.js';
import { type Bridge, startBridge } from '../bridge.js';
import type { RingReader } from '../feed/outlet-reader.js';
import { CONSUMERS_MAX } from '../feed/ring.js';
import { monotonicUs } from '../host-clock.js';
import type { BoardLoop } from '../loop/board-loop.js';
import { type CommandAnswer, WAKE } from '../outlet.js';
import { emulatorLag, processLag } from './board-lag.js';
import { bridgeConfig } from './bridge-config.js';
import { HostNoise, NOISY_US } from './host-noise.js';
import type { LineFaults } from './line-faults.js';
import { RecordedLoop } from './recorded-loop.js';
import type { OutletPorts, Rig } from './rig.js';
import { timedOut } from './time-out.js';
import type { Trace } from './trace.js';
import { readTrace } from './trace-reader.js';
import { portsOf } from './virtual-outlets.js';

/** What the test can do to the board from outside. */
export interface BoardHandle {
  /** Port, `vid:pid[:serial]`, or `emulated:<name>`. */
  readonly path: string;
  /** Bits per second; undefined: the kit's own. */
  readonly baud?: number | undefined;
  /** Where the line is in our hands: its faults, told to this trace. */
  readonly faults: ((trace: Trace) => LineFaults) | null;
  /** Of the file in which an emulator tells how late it is, where the bridge does not run it itself. */
  lagPath?(): string | null;
  reset?(bridge: Bridge, by: ResetBy): Promise<void>;
  /** Pulls the line out; `ms` later it is in again. */
  unplug?(bridge: Bridge, ms: number): Promise<void>;
  close(): Promise<void>;
}

export interface RealRigOptions {
  readonly board: BoardHandle;
  readonly trace: (nowUs: () => number) => Trace;
  /** Whether the board's own time can be disturbed by this machine. */
  readonly isBoardDisturbed: boolean;
}

/** A busy machine is no defect: no wait ends before. */
const WAIT_MS_MIN = 30_000;
const POLL_MS = 5;
const OUTLETS_MS = 30_000;
/** For a session that a fault has ended. */
const CALM_MS = 3000;

export class RealRig implements Rig {
  readonly trace: Trace;
  readonly loop: BoardLoop;
  readonly io = null;
  readonly faults: LineFaults | null;
  readonly #bridge: Bridge;
  readonly #board: BoardHandle;
  readonly #noise = new HostNoise((atUs, us) => this.trace.stalled(atUs, us));
  readonly #reader: RingReader;
  readonly #ports: readonly MessagePort[];
  /** Why the bridge has ended. */
  #fatal: string | null = null;
  #beganUs = Number.NEGATIVE_INFINITY;
  #isClosed = false;

  private constructor({ board, trace, isBoardDisturbed }: RealRigOptions) {
    this.trace = trace(monotonicUs);
    this.faults = board.faults?.(this.trace) ?? null;
    this.#board = board;
    const config = bridgeConfig(board.path, board.baud);
    this.#bridge = startBridge({
      config,
      explicit: ['http.port', 'mqtt.port'],
      console: false,
      createLoop: (loop) => new RecordedLoop(loop, this.trace.recording),
      onFatal: (exitCode, text) => {
        this.#fatal = `exit code ${exitCode}: ${text}`;
      },
    });
    this.loop = this.#bridge.boards[0]!.loop;
    const lagPath = () => board.lagPath?.() ?? this.#bridge.boards[0]!.emulator?.lagPath ?? null;
    this.trace.boardLag = isBoardDisturbed ? processLag(this.trace) : emulatorLag(lagPath);
    const { port1, port2 } = new MessageChannel();
    this.#ports = [port1, port2];
    const { feed } = this.#bridge;
    const consumer = CONSUMERS_MAX - 1;
    this.#reader = readTrace({ feed, path: board.path, trace: this.trace, consumer, port: port1 });
    feed.onParked(consumer, () => port2.postMessage(WAKE));
  }

  static async start(options: RealRigOptions): Promise<RealRig> {
    const rig = new RealRig(options);
    try {
      await rig.until('the gateway is up', () => rig.httpPort !== null, OUTLETS_MS);
      return rig;
    } catch (error) {
      await rig.close();
      throw error;
    }
  }

  get httpPort(): number | null {
    const port = this.#bridge.supervisor.states.find(({ name }) => name === 'gateway')?.info.port;
    return typeof port === 'number' ? port : null;
  }

  async outlets(): Promise<OutletPorts> {
    const { supervisor } = this.#bridge;
    await this.until('the outlets are up', () => portsOf(supervisor) !== null, OUTLETS_MS);
    return portsOf(supervisor)!;
  }

  begin(): void {
    this.#noise.begin();
    this.#beganUs = monotonicUs();
  }

  nowUs(): number {
    return monotonicUs();
  }

  async pass(ms: number): Promise<void> {
    await sleep(ms);
    if (!this.#isClosed) this.#reader.drain();
  }

  async until(what: string, condition: () => boolean, withinMs: number): Promise<void> {
    const ms = Math.max(withinMs, WAIT_MS_MIN);
    const fromUs = monotonicUs();
    const endUs = fromUs + ms * 1e3;
    while (!condition()) {
      if (this.#isClosed) throw new Error(`${what}: the test has ended`);
      if (this.#fatal !== null) throw new Error(`${what}: the bridge has ended with ${this.#fatal}`);
      if (monotonicUs() > endUs) throw timedOut(this.trace, `${what}: not within ${ms} ms`, fromUs);
      await sleep(POLL_MS);
      if (!this.#isClosed) this.#reader.drain();
    }
  }

  command(name: string, values: readonly number[]): Promise<CommandAnswer> {
    return this.#bridge.command({ board: this.loop.id, name, arguments: values, by: 'hil' });
  }

  async freeze(ms: number): Promise<void> {
    this.#noise.forgive();
    const fromUs = monotonicUs();
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
    this.#noise.forgive();
    this.trace.freezes.push({ fromUs, toUs: monotonicUs() });
  }

  async reset(by: ResetBy): Promise<void> {
    if (this.#board.reset === undefined)
      throw new Error(`${this.#board.path} has no reset button that can be pressed from here`);
    await this.#board.reset(this.#bridge, by);
  }

  async unplug(ms: number): Promise<void> {
    if (this.#board.unplug === undefined) throw new Error(`${this.#board.path} cannot be unplugged from here`);
    const { connection } = this.#bridge.boards[0]!;
    const { opens } = connection.counters;
    await this.#board.unplug(this.#bridge, ms);
    await this.until('the port is open again', () => connection.counters.opens > opens, ms);
  }

  get noise(): string | null {
    const lagUs = this.trace.boardLag?.worstUs(this.#beganUs, monotonicUs()) ?? 0;
    return this.#noise.text ?? (lagUs < NOISY_US ? null : `the board was late by up to ${Math.round(lagUs / 1e3)} ms`);
  }

  /** A test that has timed out may still wait for something: that ends as well. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#noise.stop();
    this.faults?.end();
    try {
      await this.#calm();
    } finally {
      this.#reader.close();
      for (const port of this.#ports) port.close();
      await this.#bridge.stop().finally(() => this.#board.close());
    }
  }

  /** The next test begins with a board that is neither armed nor tripped, also a real one. */
  async #calm(): Promise<void> {
    const { session, control } = this.loop;
    // A line that was cut until now has to be heard again first; a board that stays away cannot be helped.
    for (
      let ms = 0;
      session.state !== 'streaming' && ms < CALM_MS && control.policy.state !== 'disarmed';
      ms += POLL_MS
    )
      await sleep(POLL_MS);
    const { state } = control.policy;
    if (state === 'armed') await this.command('disarm', []);
    else if (state === 'tripped') await this.command('rearm', []);
  }
}
