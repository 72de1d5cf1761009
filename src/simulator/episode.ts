/**
 * One episode: a board, a line, a host thread and an operator in virtual time, with a plan of faults. Everything follows
 * from the seed. True time is the simulation's own; board and host each have their clock.
 */

import { type DelayModel, delays, seeded } from '../deadline/model/line.js';
import { defaultBoard } from './board-config.js';
import { BoardSafety } from './board-safety.js';
import { VirtualBridge } from './bridge.js';
import { Campaign } from './campaign.js';
import { Checker } from './checker.js';
import { DamageAccount } from './damage-account.js';
import { Degradation } from './degradation.js';
import { Device } from './device.js';
import { allFaultKinds, type FaultKind, swarm, traitsOf } from './faults.js';
import { type Absence, HostThread } from './host-thread.js';
import { LineToBoard } from './line-to-board.js';
import { LineToHost } from './line-to-host.js';
import { Liveness } from './liveness.js';
import { usedBytes } from './memory.js';
import { MissAccount } from './miss-account.js';
import { Operator } from './operator.js';
import { VirtualOutlet } from './outlet.js';
import type { PlantedBug } from './planted-bugs.js';
import { Scores } from './scores.js';
import { Trips } from './trips.js';
import { FrameBook } from './truth.js';
import { type Watcher, Watchers } from './watcher.js';

const NEVER = Number.POSITIVE_INFINITY;
const SECOND_US = 1e6;
/** Frames that must have met before the next heavy fault. */
const RECOVERED_FRAMES = 300;
const BAUD = 921_600;
/** In a third of the episodes the board's 32 bits wrap within this. */
const WRAPS_WITHIN_US = 300 * SECOND_US;
const WARMED_UP_US = 60 * SECOND_US;
/** An object a frame would be 30 MB in six minutes. */
const GROWTH_BYTES_MAX = 6e6;
/** One wake-up in a thousand comes late by milliseconds: a fault of its own, which must not overlap with another. */
const LATE_WAKE_UP_US = 2500;

export interface EpisodeOptions {
  readonly seed: number;
  readonly seconds: number;
  /** Of these a random half is at work; all kinds by default. */
  readonly kinds?: readonly FaultKind[];
  /** Exactly these, not a random half. */
  readonly isExact?: boolean;
  /** Whether faults may overlap; by default half of the episodes. */
  readonly overlap?: boolean;
  readonly encoding?: 'binary' | 'text';
  readonly class?: 'firm' | 'hard';
  readonly bug?: PlantedBug;
  /** Whether the heap is measured after a minute and at the end: in every eighth episode by default. */
  readonly watchesMemory?: boolean;
}

export interface EpisodeResult {
  readonly overlapped: boolean;
  readonly kinds: readonly FaultKind[];
  readonly faults: number;
  readonly frames: number;
  readonly lost: number;
  readonly trips: number;
  readonly scores: Scores;
}

export class Episode {
  readonly random: () => number;
  readonly book = new FrameBook();
  readonly toHost: LineToHost;
  readonly toBoard: LineToBoard;
  readonly device: Device;
  readonly scores = new Scores();
  readonly checker: Checker;
  readonly kinds: readonly FaultKind[];
  readonly overlapped: boolean;
  readonly thread: HostThread;
  /** Only when consumers are among what can fail: it costs a tenth of the speed. */
  readonly outlet: VirtualOutlet | null = null;
  bridge: VirtualBridge;
  operator: Operator;
  /** False while the bridge's process is dead. */
  isAlive = true;
  nowUs = 0;
  readonly safety: BoardSafety;
  readonly campaign: Campaign;
  readonly isHard: boolean;
  readonly #watcher: Watcher;
  readonly #trips: Trips;
  readonly #seconds: number;
  readonly #watchesMemory: boolean;
  readonly #bug: PlantedBug | null;
  readonly #encoding: 'binary' | 'text';

  constructor(options: EpisodeOptions) {
    const random = seeded(options.seed);
    this.random = random;
    this.kinds = options.isExact ? (options.kinds ?? allFaultKinds) : swarm(options.kinds ?? allFaultKinds, random);
    this.overlapped = options.overlap ?? random() < 0.5;
    this.isHard = options.class === undefined ? random() < 0.5 : options.class === 'hard';
    this.#encoding = options.encoding ?? (random() < 1 / 16 ? 'text' : 'binary');
    this.#bug = options.bug ?? null;
    const model = this.#lineModel(pick(['pty', 'USB CDC', 'FTDI 1 ms'], random));
    this.toHost = new LineToHost(BAUD, model, this.book, random, this.#bug);
    this.toBoard = new LineToBoard(this.toHost.byteUs, model, random);
    this.#seconds = options.seconds;
    this.#watchesMemory = options.watchesMemory ?? options.seed % 8 === 0;
    this.safety = new BoardSafety(this);
    this.device = new Device({
      line: this.toHost,
      book: this.book,
      random,
      output: this.safety,
      bug: this.#bug,
    });
    this.thread = new HostThread(0, random, this.#work);
    this.checker = new Checker({
      book: this.book,
      device: this.device,
      thread: this.thread,
      scores: this.scores,
      causeOf: (truth) => this.campaign.injector.causeOf(truth),
      history: () => this.campaign.injector.history,
      published: (offset, seq, releaseUs) => this.outlet?.published(offset, seq, releaseUs),
    });
    this.#trips = new Trips({
      checker: this.checker,
      device: this.device,
      thread: this.thread,
      isHard: this.isHard,
      isSaidArmed: () => this.operator.isSaidArmed,
    });
    this.#watcher = new Watchers([
      this.checker,
      new MissAccount(this.checker, this.thread),
      new DamageAccount(this.checker),
      new Liveness(this.checker, this.thread),
      new Degradation(this.checker, this.thread),
      this.#trips,
    ]);
    if (this.kinds.some((kind) => traitsOf(kind).where === 'consumer')) this.outlet = this.#newOutlet();
    this.campaign = new Campaign(this, options.seconds * SECOND_US);
    this.device.session.onCommand = (command, code) => this.safety.ran(command, code);
    const upUs = random() < 0.3 ? 2 ** 32 - random() * WRAPS_WITHIN_US : random() * 1e12;
    this.device.clock.choose(random);
    this.device.start(0, upUs);
    this.bridge = this.#newBridge();
    this.operator = new Operator(this.thread, this.bridge, random);
    this.bridge.open();
  }

  /** @throws Violation */
  run(): EpisodeResult {
    const endUs = this.#seconds * SECOND_US;
    if (this.#watchesMemory) {
      this.runUntil(Math.min(WARMED_UP_US, endUs / 2));
      const beforeBytes = usedBytes();
      this.runUntil(endUs);
      const grownBytes = usedBytes() - beforeBytes;
      if (grownBytes > GROWTH_BYTES_MAX) this.checker.fail('memory is bounded', { grownBytes });
    } else this.runUntil(endUs);
    return {
      overlapped: this.overlapped,
      kinds: this.kinds,
      faults: this.campaign.faults,
      frames: this.checker.framesJudged,
      lost: this.checker.framesLost,
      trips: this.safety.trips,
      scores: this.scores,
    };
  }

  /** @throws Violation */
  runUntil(us: number): void {
    while (this.nowUs < us) this.#step();
  }

  /** Keeps the host from looking, in one way or another. */
  keepAway(kind: Absence, us: number): void {
    this.checker.hostAwayUntilUs = Math.max(this.checker.hostAwayUntilUs, this.nowUs + us);
    this.thread.absent(kind, this.nowUs, us);
  }

  /** The process dies; a new one starts later with a new loop, and knows nothing. */
  kill(): void {
    this.isAlive = false;
    this.thread.die();
    this.toHost.flush();
  }

  restart(): void {
    this.isAlive = true;
    this.thread.nowUs = this.nowUs;
    this.bridge = this.#newBridge();
    this.operator = new Operator(this.thread, this.bridge, this.random);
    this.bridge.open();
  }

  /** Whether the board streams, on a clock that is known, and its frames meet. */
  get isRecovered(): boolean {
    const { loop } = this.bridge;
    return (
      this.isAlive &&
      loop.session.state === 'streaming' &&
      loop.clock.settled &&
      this.checker.metInARow >= RECOVERED_FRAMES
    );
  }

  // ---- time ----

  #step(): void {
    const boardUs = this.device.dueUs;
    const lineUs = this.toBoard.dueUs;
    const hostUs = this.isAlive ? this.thread.dueUs : NEVER;
    const outletUs = this.outlet?.dueUs ?? NEVER;
    const faultUs = this.campaign.dueUs;
    if (boardUs <= lineUs && boardUs <= hostUs && boardUs <= faultUs && boardUs <= outletUs) {
      this.#advance(boardUs);
      this.device.run(this.nowUs);
      if (this.device.guard.state === 'armed') this.#checkArmed();
    } else if (lineUs <= hostUs && lineUs <= faultUs && lineUs <= outletUs) {
      this.#advance(lineUs);
      this.device.receive(this.toBoard.take(), this.nowUs);
    } else if (hostUs <= faultUs && hostUs <= outletUs) {
      this.#advance(hostUs);
      this.thread.run(hostUs);
    } else if (faultUs <= outletUs) {
      this.#advance(faultUs);
      this.campaign.run(faultUs);
    } else this.#runOutlet(outletUs);
  }

  #checkArmed(): void {
    this.safety.checkArmed(this.nowUs);
    this.#trips.checkArmed(this.nowUs);
  }

  /** It is a thread of the same process: what stops or suspends that stops it too. */
  #runOutlet(us: number): void {
    this.#advance(us);
    if (this.isAlive && !this.thread.isProcessStopped(us)) this.outlet!.run(us);
    else this.outlet!.dueUs = us + 20_000;
  }

  #advance(us: number): void {
    if (us > this.nowUs) this.nowUs = us;
  }

  readonly #work = {
    readableUs: () => this.toHost.readableUs,
    read: () => this.bridge.read(),
  };

  #lineModel(name: string): DelayModel {
    const model = delays[name]!;
    if (this.overlapped) return model;
    const toHost = (atUs: number, random: () => number) => Math.min(model.toHost(atUs, random), atUs + LATE_WAKE_UP_US);
    return { ...model, toHost };
  }

  #newOutlet(): VirtualOutlet {
    const { checker, thread } = this;
    return new VirtualOutlet(
      {
        clockUs: (nowUs) => nowUs - thread.suspendedUs,
        clock: checker.clock,
        fail: (invariant, values) => checker.fail(invariant, values),
      },
      this.random,
      this.#bug,
    );
  }

  #newBridge(): VirtualBridge {
    const bridge = new VirtualBridge({
      thread: this.thread,
      toHost: this.toHost,
      toBoard: this.toBoard,
      config: defaultBoard({ encoding: this.#encoding, class: this.isHard ? 'hard' : 'firm' }),
      random32: () => Math.floor(this.random() * 2 ** 32),
      watcher: this.#watcher,
      bug: this.#bug,
    });
    this.outlet?.attach(bridge.feed);
    return bridge;
  }
}

function pick<T>(items: readonly T[], random: () => number): T {
  return items[Math.floor(random() * items.length)]!;
}
