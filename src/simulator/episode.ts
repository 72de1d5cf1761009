/**
 * One episode: a board, a line, a host thread and an operator in virtual time, with a plan of faults. Everything follows
 * from the seed. True time is the simulation's own; board and host each have their clock.
 */

import type { Message } from '../codec/message.js';
import type { AnswerCode, ArmState, TripCause } from '../codec/schema.js';
import { type DelayModel, delays, seeded } from '../deadline/model/line.js';
import { PERIOD_US, WATCHDOG_US } from './board.js';
import { defaultBoard } from './board-config.js';
import { VirtualBridge } from './bridge.js';
import { Checker } from './checker.js';
import { Device } from './device.js';
import { ExactCounts } from './exact-counts.js';
import {
  allFaultKinds,
  type FaultKind,
  lasting,
  overlapping,
  type PlannedFault,
  shuffled,
  swarm,
  traitsOf,
} from './faults.js';
import { HostThread } from './host-thread.js';
import { Injector } from './injector.js';
import { LineToBoard } from './line-to-board.js';
import { LineToHost } from './line-to-host.js';
import { EXPIRY_US, Operator } from './operator.js';
import { VirtualOutlet } from './outlet.js';
import type { PlantedBug } from './planted-bugs.js';
import { Scores } from './scores.js';
import { FrameBook } from './truth.js';

const NEVER = Number.POSITIVE_INFINITY;
const SECOND_US = 1e6;
/** Nothing is injected before: the first session is made. */
const FIRST_FAULT_US = 6 * SECOND_US;
/** Of each minute of overlapping faults so much is quiet, so that the bridge must come back. */
const MINUTE_US = 60 * SECOND_US;
const QUIET_US = 15 * SECOND_US;
/** After the last fault the board must stream again, on a clock that is known, within this. */
const RECOVERY_US = 12 * SECOND_US;
/** Between two faults that must not overlap. */
const APART_US = 150_000;
/** Frames that must have met before the next heavy fault. */
const RECOVERED_FRAMES = 300;
const BAUD = 921_600;
/** Its clock is up to 250 ppm off, and its jobs begin a few µs after their release. */
const SKEW_US = 100;
/** What a pause of the board's clock that is not known yet may add. */
const CLOCK_SLACK_US = 2000;
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
  trips = 0;
  faults = 0;
  readonly #endUs: number;
  readonly #injector: Injector;
  readonly #isHard: boolean;
  readonly #bug: PlantedBug | null;
  readonly #ran = new Set<number>();
  readonly #encoding: 'binary' | 'text';
  #plan: PlannedFault[] = [];
  #round: FaultKind[] = [];
  #nextFaultUs = NEVER;
  #quietUs = NEVER;
  #waitsForRecovery = false;
  #exactCounts: ExactCounts | null = null;

  constructor(options: EpisodeOptions) {
    const random = seeded(options.seed);
    this.random = random;
    this.#endUs = options.seconds * SECOND_US;
    this.kinds = options.isExact ? (options.kinds ?? allFaultKinds) : swarm(options.kinds ?? allFaultKinds, random);
    this.overlapped = options.overlap ?? random() < 0.5;
    this.#isHard = options.class === undefined ? random() < 0.5 : options.class === 'hard';
    this.#encoding = options.encoding ?? (random() < 1 / 16 ? 'text' : 'binary');
    this.#bug = options.bug ?? null;
    const model = this.#lineModel(pick(['pty', 'USB CDC', 'FTDI 1 ms'], random));
    this.toHost = new LineToHost(BAUD, model, this.book, random, this.#bug);
    this.toBoard = new LineToBoard(this.toHost.byteUs, model, random);
    this.device = new Device({
      line: this.toHost,
      book: this.book,
      random,
      output: {
        changed: (state, by, cause) => this.#boardChanged(state, by, cause),
        booted: () => {},
      },
      bug: this.#bug,
    });
    this.thread = new HostThread(0, random, this.#work);
    this.checker = new Checker({
      book: this.book,
      device: this.device,
      thread: this.thread,
      scores: this.scores,
      causeOf: (truth) => this.#injector.causeOf(truth),
      history: () => this.#injector.history,
      published: (offset, seq, releaseUs) => this.outlet?.published(offset, seq, releaseUs),
    });
    this.#injector = new Injector(this);
    if (this.kinds.some((kind) => traitsOf(kind).where === 'consumer')) this.outlet = this.#newOutlet();
    this.device.session.onCommand = (command, code) => this.#commandRan(command, code);
    // Up for any time, and often about to wrap its 32 bits.
    const upUs = random() < 0.3 ? 2 ** 32 - random() * this.#endUs : random() * 1e12;
    this.device.clock.drift(120 * (random() - 0.5), 0);
    this.device.start(0, upUs);
    this.bridge = this.#newBridge();
    this.operator = new Operator(this.thread, this.bridge, random);
    this.bridge.open();
  }

  /** @throws Violation */
  run(): EpisodeResult {
    this.#planFaults();
    while (this.nowUs < this.#endUs) this.#step();
    return {
      overlapped: this.overlapped,
      kinds: this.kinds,
      faults: this.faults,
      frames: this.checker.framesJudged,
      lost: this.checker.framesLost,
      trips: this.trips,
      scores: this.scores,
    };
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
    const faultUs = Math.min(this.#nextFaultUs, this.#injector.dueUs, this.#quietUs);
    if (boardUs <= lineUs && boardUs <= hostUs && boardUs <= faultUs && boardUs <= outletUs) {
      this.#advance(boardUs);
      this.device.run(this.nowUs);
      if (this.device.guard.state === 'armed') this.#checkProof();
    } else if (lineUs <= hostUs && lineUs <= faultUs && lineUs <= outletUs) {
      this.#advance(lineUs);
      this.device.receive(this.toBoard.take(), this.nowUs);
    } else if (hostUs <= faultUs && hostUs <= outletUs) {
      this.#advance(hostUs);
      this.thread.run(hostUs);
    } else if (faultUs <= outletUs) this.#fault(faultUs);
    else this.#runOutlet(outletUs);
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

  // ---- faults ----

  #planFaults(): void {
    if (!this.overlapped) {
      this.#nextFaultUs = FIRST_FAULT_US;
      return;
    }
    for (let fromUs = 0; fromUs < this.#endUs; fromUs += MINUTE_US) {
      const startUs = fromUs === 0 ? FIRST_FAULT_US : fromUs;
      this.#plan.push(...overlapping(this.kinds, startUs, fromUs + MINUTE_US - QUIET_US, this.random));
    }
    this.#nextFaultUs = this.#plan[0]?.atUs ?? NEVER;
    this.#quietUs = MINUTE_US - QUIET_US + RECOVERY_US;
  }

  #fault(atUs: number): void {
    this.#advance(atUs);
    if (this.#injector.dueUs <= atUs) this.#injector.run(atUs);
    else if (this.#quietUs <= atUs) {
      this.#quietUs += MINUTE_US;
      if (!this.isRecovered) this.#notRecovered();
    } else if (this.overlapped) this.#nextPlanned();
    else this.#nextAlone(atUs);
  }

  #nextPlanned(): void {
    const planned = this.#plan.shift()!;
    this.#nextFaultUs = this.#plan[0]?.atUs ?? NEVER;
    this.#inject(planned.kind, planned.lastsUs);
  }

  get #counts(): ExactCounts {
    this.#exactCounts ??= new ExactCounts(this.toHost, this.checker, () => this.bridge.loop.decoder.counters);
    return this.#exactCounts;
  }

  /** One after the other, in rounds of all kinds; after a heavy one when everything is well again. */
  #nextAlone(atUs: number): void {
    if (this.#waitsForRecovery && !this.isRecovered) {
      if (atUs > this.#injector.endUs + RECOVERY_US) this.#notRecovered();
      this.#nextFaultUs = atUs + 20_000;
      return;
    }
    if (this.#round.length === 0) this.#round = shuffled(this.kinds, this.random);
    this.#counts.check();
    const kind = this.#round.pop()!;
    const lastsUs = lasting(kind, this.random);
    if (traitsOf(kind).isHeavy === undefined) this.#counts.begin(kind);
    this.#inject(kind, lastsUs);
    this.#waitsForRecovery = traitsOf(kind).isHeavy === true;
    this.#nextFaultUs = this.#injector.endUs + APART_US * (1 + this.random());
  }

  #inject(kind: FaultKind, lastsUs: number): void {
    this.faults++;
    this.#injector.inject(kind, lastsUs, this.nowUs);
  }

  #notRecovered(): never {
    const { loop } = this.bridge;
    this.checker.fail('the stream comes back after the last fault', {
      state: loop.session.state,
      clockSettled: loop.clock.settled,
      metInARow: this.checker.metInARow,
      fault: this.#injector.lastKind,
    });
  }

  // ---- the board's safety ----

  #boardChanged(state: ArmState, by: string, cause: TripCause): void {
    const { nowUs } = this.device;
    if (by === 'arm' && !this.operator.use('arm', nowUs)) this.checker.fail('nothing arms itself', { state });
    if (by === 'rearm' && !this.operator.use('rearm', nowUs)) this.checker.fail('a trip stays latched', { state });
    if (by === 'trip' && state !== 'tripped') this.checker.fail('a trip stays latched', { state });
    if (state !== 'tripped') return;
    this.trips++;
    const sinceFaultUs = nowUs - this.#injector.endUs;
    const isWanted = nowUs - this.operator.lastSafeUs < SECOND_US;
    if (sinceFaultUs > SECOND_US && !isWanted) this.checker.fail('no trip without a reason', { cause, sinceFaultUs });
  }

  /** What the board has done was asked for within its expiry, and is done once. */
  #commandRan({ session, counter, command }: Message<'command'>, code: AnswerCode): void {
    if (code === 'expired') return;
    const key = session * 2 ** 32 + counter;
    if (this.#ran.has(key)) this.checker.fail('a command runs once', { command, counter });
    this.#ran.add(key);
    if (this.#ran.size > 64) this.#ran.delete(this.#ran.values().next().value!);
    const afterUs = this.device.nowUs - this.operator.askedUs;
    if (afterUs > EXPIRY_US + CLOCK_SLACK_US && !this.checker.clockIsExcused) {
      this.checker.fail('no command runs after its expiry', { command, afterUs });
    }
  }

  /** An armed board may rely on a host only as long as that has proved, within the watchdog's time, that it knows the board. */
  #checkProof(): void {
    const unprovenUs = this.nowUs - this.checker.provenReleaseUs;
    // A board that is itself held up, by a job that runs long or by a debugger, is later by that.
    const { heldUs } = this.device;
    const limitUs = WATCHDOG_US + PERIOD_US + SKEW_US + heldUs;
    if (unprovenUs > limitUs)
      this.checker.fail('an armed board is safe within its watchdog and a tick', { unprovenUs, limitUs });
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
        get clockIsExcused() {
          return checker.clockIsExcused;
        },
        get toleranceUs() {
          return checker.toleranceUs;
        },
        get jumpEndUs() {
          return checker.jumpEndUs;
        },
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
      config: defaultBoard({ encoding: this.#encoding, class: this.#isHard ? 'hard' : 'firm' }),
      random32: () => Math.floor(this.random() * 2 ** 32),
      watcher: this.checker,
      bug: this.#bug,
    });
    this.outlet?.attach(bridge.feed);
    return bridge;
  }
}

function pick<T>(items: readonly T[], random: () => number): T {
  return items[Math.floor(random() * items.length)]!;
}
