/**
 * An emulated board and the bridge's own loop, feed and readers in virtual time, in this thread. Nothing waits for the
 * wall clock and nothing asks it, so one seed gives one trace, on any machine.
 */
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import type { ResetBy } from '../board/emulated/board.js';
import { type EmulatedBoardName, readBootRom, readImage } from '../board/emulated/boards.js';
import { SeededRandom } from '../board/emulated/random.js';
import { VirtualLine } from '../board/emulated/virtual-line.js';
import { Feed } from '../feed/feed.js';
import type { RingReader } from '../feed/outlet-reader.js';
import { CONSUMERS_MAX } from '../feed/ring.js';
import type { BoardLoop } from '../loop/board-loop.js';
import type { BoardLoopOptions } from '../loop/surroundings.js';
import type { CommandAnswer } from '../outlet.js';
import { boardConfig, bridgeConfig } from './bridge-config.js';
import { KernelBuffer } from './kernel-buffer.js';
import { LineFaults } from './line-faults.js';
import { Probe } from './probe.js';
import { RecordedLoop } from './recorded-loop.js';
import type { OutletPorts, Rig } from './rig.js';
import { TimedOut } from './test-verdict.js';
import type { Trace } from './trace.js';
import { readTrace } from './trace-reader.js';
import { START_UTC_US, VirtualHostClock } from './virtual-host-clock.js';
import { VirtualOutlets } from './virtual-outlets.js';

export interface VirtualRigOptions {
  readonly board: EmulatedBoardName;
  /** Path of an image in place of the board's own. */
  readonly image?: string | undefined;
  /** Path of the boot ROM that the image uses. */
  readonly bootRom?: string | undefined;
  readonly seed: number;
  /** Whether the test may ask for the outlets: then the host's clock is ahead of theirs. */
  readonly hasOutlets: boolean;
  readonly trace: (nowUs: () => number) => Trace;
}

/** Virtual time between two waits for the outlets: far less than the rings hold. */
const OUTLETS_STEP_MS = 100;
const TICK_US = 5000;
const STEP_US = 1000;
/** Longer than any command's expiry. */
const ANSWER_MS = 3000;

export class VirtualRig implements Rig {
  readonly trace: Trace;
  readonly loop: BoardLoop;
  readonly noise = null;
  readonly faults: LineFaults;
  /** Of the board that is at the end of the line now. */
  readonly io: Probe;
  #line: VirtualLine;
  readonly #clock: VirtualHostClock;
  #outlets: VirtualOutlets | null = null;
  #httpPort: number | null = null;
  #syncedUs = 0;
  #boards = 0;
  #drift: (nowUs: number) => number = () => 0;
  readonly #options: VirtualRigOptions;
  readonly #feed = Feed.create({ slotsPerSecond: 1000, seconds: 4 });
  readonly #reader: RingReader;
  readonly #port: MessagePort;
  readonly #baud: number;
  readonly #path: string;
  #arrivalUs = 0;
  #heard = false;
  #nextTickUs = 0;
  #isFrozen = false;
  #isClosed = false;
  readonly #unread = new KernelBuffer();

  constructor(options: VirtualRigOptions) {
    const { board, seed, trace } = options;
    this.#options = options;
    this.#line = this.#newBoard();
    this.#clock = new VirtualHostClock(board, options.hasOutlets, () => this.#line.nowUs);
    this.io = new Probe(this.#line.board, this.#clock);
    this.trace = trace(() => this.nowUs());
    this.faults = this.#newFaults();
    const config = boardConfig(`emulated:${board}`);
    this.#baud = config.baud;
    this.#path = config.path;
    const random = new SeededRandom(seed);
    const loop: BoardLoopOptions = {
      index: 0,
      config,
      provisionalId: 'board-1',
      feed: this.#feed,
      clock: {
        nowUs: () => this.nowUs(),
        utcUs: (atUs) => this.#clock.utcUs(atUs),
        stamp: (into) => {
          into.judgedUs = this.nowUs();
        },
      },
      random32: () => random.nextU32(),
      timedLine: true,
      evidence: null,
      isTaken: () => false,
    };
    this.loop = new RecordedLoop(loop, this.trace.recording);
    const { port1, port2 } = new MessageChannel();
    this.#port = port2;
    this.#reader = readTrace({
      feed: this.#feed,
      path: config.path,
      trace: this.trace,
      consumer: CONSUMERS_MAX - 1,
      port: port1,
    });
    this.#plug();
  }

  nowUs(): number {
    return this.#clock.nowUs();
  }

  get httpPort(): number | null {
    return this.#httpPort;
  }

  async outlets(): Promise<OutletPorts> {
    if (!this.#options.hasOutlets) throw new Error("the outlets are for a test that says so: needs: ['outlets']");
    this.#outlets ??= new VirtualOutlets({
      feed: this.#feed,
      config: bridgeConfig(this.#path),
      startedUtcUs: START_UTC_US,
      command: (command) => new Promise((resolve) => this.loop.ask(command, this.nowUs(), resolve)),
    });
    const ports = await this.#outlets.ready();
    this.#httpPort = ports.httpPort;
    return ports;
  }

  async pass(ms: number): Promise<void> {
    this.#refuseClosed(`${ms} ms cannot pass`);
    if (this.#outlets === null) {
      await this.#line.runFor(ms * 1e3);
      return;
    }
    for (let left = ms; left > 0; left -= OUTLETS_STEP_MS) {
      await this.#line.runFor(Math.min(left, OUTLETS_STEP_MS) * 1e3);
      if (this.#isClosed) return;
      await this.#outlets.caughtUp();
    }
  }

  async until(what: string, condition: () => boolean, withinMs: number): Promise<void> {
    this.#refuseClosed(what);
    const endUs = this.nowUs() + withinMs * 1e3;
    while (!condition()) {
      if (this.nowUs() >= endUs) throw new TimedOut(`${what}: not within ${withinMs} ms of virtual time`);
      await this.#line.runFor(STEP_US);
      this.#refuseClosed(what);
      if (this.nowUs() - this.#syncedUs < OUTLETS_STEP_MS * 1e3) continue;
      this.#syncedUs = this.nowUs();
      await this.#outlets?.caughtUp();
    }
  }

  async command(name: string, values: readonly number[]): Promise<CommandAnswer> {
    const answers: CommandAnswer[] = [];
    const command = { board: this.loop.id, name, arguments: values, by: 'hil' };
    this.loop.ask(command, this.nowUs(), (answer) => answers.push(answer));
    await this.until(`an answer to "${name}"`, () => answers.length > 0, ANSWER_MS);
    return answers[0]!;
  }

  async freeze(ms: number): Promise<void> {
    this.#isFrozen = true;
    await this.pass(ms);
    if (this.#isClosed) return;
    this.#isFrozen = false;
    for (const bytes of this.#unread.take()) this.loop.chunk(bytes, { arrivalUs: this.nowUs() });
  }

  async reset(by: ResetBy): Promise<void> {
    this.#line.board.reset(by);
  }

  async unplug(ms: number): Promise<void> {
    this.#line.disconnect();
    this.loop.closed('the port went away', 'absent', this.nowUs());
    await this.pass(ms);
    if (!this.#isClosed) this.#plug();
  }

  /** A test that has timed out may still be in a step: that ends as well, so that it does not run beside the next test. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#line.stop();
    try {
      this.loop.dispose();
      await this.#outlets?.stop();
      this.#reader.drain();
    } finally {
      this.#reader.close();
      this.#port.close();
    }
  }

  #refuseClosed(what: string): void {
    if (this.#isClosed) throw new Error(`${what}: the test has ended`);
  }

  #newBoard(): VirtualLine {
    const { board, image, bootRom, seed } = this.#options;
    return new VirtualLine({
      board,
      image: readImage(board, image),
      bootRom: bootRom === undefined ? undefined : readBootRom(board, bootRom),
      seed: seed + this.#boards++,
      onChunk: (bytes, virtualUs) => {
        this.#arrivalUs = this.#clock.at(virtualUs);
        this.trace.chunk('fromBoard', bytes, this.#arrivalUs);
      },
      onSlice: () => this.#slice(),
    });
  }

  #newFaults(): LineFaults {
    const { refuse, tellFault, faultStep } = this.trace;
    return new LineFaults({
      seed: this.#options.seed,
      nowUs: () => this.nowUs(),
      onFault: tellFault,
      refuse,
      step: faultStep,
      backEnd: {
        kind: 'virtual',
        baudDrift: (drift) => {
          this.#drift = drift;
        },
        swap: async () => this.#swap(),
        unplug: (ms) => this.unplug(ms),
        clockStep: (step) => this.#clock.step(step),
      },
    });
  }

  /** The port stays open: the plug behind the adapter goes from one board to another. */
  #swap(): void {
    const { connected } = this.#line;
    this.#line.disconnect();
    this.#clock.swap(() => {
      this.#line = this.#newBoard();
    });
    this.io.moveTo(this.#line.board);
    if (connected) this.#connect();
  }

  #connect(): void {
    this.#line.connect(this.#baud, (bytes) => this.#heardBytes(bytes));
  }

  #plug(): void {
    this.#connect();
    const send = (bytes: Uint8Array): boolean => this.#send(bytes);
    this.loop.opened({ path: this.loop.id, send }, this.nowUs());
  }

  #send(bytes: Uint8Array): boolean {
    this.trace.chunk('toBoard', bytes, this.nowUs());
    const arriving = this.faults.pass('toBoard', bytes);
    if (arriving.length > 0) void this.#line.send(arriving.slice());
    return true;
  }

  #heardBytes(bytes: Uint8Array): void {
    const arriving = this.faults.pass('fromBoard', bytes);
    if (arriving.length > 0) this.#deliver(arriving, this.#arrivalUs);
  }

  #deliver(bytes: Uint8Array, arrivalUs: number): void {
    this.#heard = true;
    if (this.#isFrozen) this.#unread.keep(bytes);
    else this.loop.chunk(bytes, { arrivalUs });
  }

  /** The host's turn: after each quarter of a millisecond of virtual time. */
  #slice(): void {
    const nowUs = this.nowUs();
    if (this.#line.connected) this.#line.setBaud(this.#baud * (1 + this.#drift(nowUs)));
    const late = this.faults.released('fromBoard');
    if (late.length > 0 && this.#line.connected) this.#deliver(late, nowUs);
    const delayed = this.faults.released('toBoard');
    if (delayed.length > 0 && this.#line.connected) void this.#line.send(delayed);
    if (this.#isFrozen) return;
    if (!this.#heard && this.#line.connected) this.loop.looked(nowUs);
    this.#heard = false;
    if (nowUs >= this.#nextTickUs) {
      this.#nextTickUs = nowUs + TICK_US;
      this.loop.tick(nowUs);
    }
    this.#reader.drain();
  }
}
