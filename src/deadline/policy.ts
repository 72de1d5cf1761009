/**
 * What is done about misses, for one board. Soft contracts count; firm ones degrade and alarm; a hard one trips an armed
 * board: `safe` is sent, heartbeats stop so that the board's own watchdog acts if the command is lost, and both stay so
 * until somebody re-arms. Nothing arms itself, after a restart least of all.
 *
 * Pure: it is told what happened and when, and acts through its sink, on changes only.
 */
import type { ArmState, TripCause } from '../codec/schema.js';
import type { Contract } from './contract.js';
import type { Judgement } from './judgement.js';
import type { StreamMonitor } from './monitor.js';
import { verdictCode, verdicts } from './verdict.js';

/** Judged but not enforced for so long after opening. */
const ENFORCE_AFTER_US = 2e6;
/** Frames in a row that must have met before a board is armed. */
export const MET_BEFORE_ARM = 1000;
/** The clock is good enough to arm when its uncertainty is at most this part of the tightest deadline. */
const UNCERTAINTY_SHARE = 0.25;
/** Heartbeats run when the newest was sent at most so long ago: five of their periods, and the watchdog's default. */
const HEARTBEAT_FRESH_US = 100_000;

export interface PolicySink {
  /** Send `safe` with this cause, now. */
  safe(cause: TripCause): void;
  /** An alarm was raised or has ended. `id` is stable: `degraded-<stream>` or `tripped`. */
  alarm(id: string, active: boolean, text: string): void;
}

export type ArmAnswer = { readonly ok: true } | { readonly ok: false; readonly missing: readonly string[] };

/** What `arm` is checked against, besides what the policy knows itself. */
export interface ArmConditions {
  readonly nowUs: number;
  /** Half width of what the clock model can say, Infinity while it is not settled. */
  readonly uncertaintyUs: number;
}

interface GuardedStream {
  readonly name: string;
  readonly monitor: StreamMonitor;
  /** Whether the time without enforcement is over for it. */
  enforced: boolean;
  degraded: boolean;
  /** Frames that the window must still take before a degraded stream counts as well again. */
  untilWell: number;
}

export class BoardPolicy {
  state: ArmState = 'disarmed';
  /** Why it tripped last. */
  tripCause: TripCause = 'none';
  /** Frames of the board that met since the last that did not. */
  metInARow = 0;

  readonly #sink: PolicySink;
  readonly #streams = new Map<number, GuardedStream>();
  #openedUs = Number.NaN;
  #heartbeatUs = Number.NEGATIVE_INFINITY;
  // What broke the row of frames that met: kept as figures, made a sentence when somebody asks.
  #brokenBy: 'session' | 'gap' | 'frame' | 'foreign' | 'rearm' = 'session';
  #brokenSeq = Number.NaN;
  #brokenCount = 0;
  #brokenVerdict = 0;

  constructor(sink: PolicySink) {
    this.#sink = sink;
  }

  /** Puts a stream under its contract. @param stream its number on the wire */
  guard(stream: number, name: string, monitor: StreamMonitor): void {
    this.#streams.set(stream, { name, monitor, enforced: false, degraded: false, untilWell: 0 });
  }

  /** A session began. A trip stays latched through it; an armed board is no longer, for `hello` disarms it. */
  opened(nowUs: number): void {
    this.#openedUs = nowUs;
    this.metInARow = 0;
    this.#brokenBy = 'session';
    if (this.state === 'armed') this.state = 'disarmed';
    for (const { name, degraded } of this.#streams.values()) {
      if (degraded) this.#sink.alarm(`degraded-${name}`, false, 'a new session began');
    }
    this.#streams.clear();
  }

  /**
   * The session is over, so nobody is armed: a board that goes on disarms at the next hello, or has tripped by its own
   * watchdog. A hard stream of which nothing more comes is a trip here, too.
   */
  lost(): void {
    if (this.state !== 'armed') return;
    const isHard = [...this.#streams.values()].some(({ monitor }) => monitor.contract.class === 'hard');
    if (isHard) this.#latch('dataStale', 'tripped: dataStale, the session with the board was lost while it was armed');
    else this.state = 'disarmed';
  }

  /** Whether any stream's (m,k) contract is violated. */
  get degraded(): boolean {
    for (const stream of this.#streams.values()) if (stream.degraded) return true;
    return false;
  }

  /** A heartbeat was sent. */
  heartbeat(nowUs: number): void {
    this.#heartbeatUs = nowUs;
  }

  /** A judged frame. Constant work unless something changes. */
  judged(stream: number, judgement: Judgement): void {
    const guarded = this.#streams.get(stream);
    if (guarded === undefined) return;
    const { verdict, gap } = judgement;
    if (verdict === verdictCode.met && gap.count === 0) this.metInARow++;
    else {
      this.metInARow = 0;
      this.#brokenBy = gap.count > 0 ? 'gap' : 'frame';
      this.#brokenSeq = judgement.seq;
      this.#brokenCount = gap.count;
      this.#brokenVerdict = verdict;
    }
    const { contract } = guarded.monitor;
    // `#enforces`, written out: as an argument the time of each frame would be boxed where the call is not inlined.
    if (contract.class === 'soft' || !(judgement.judgedUs - this.#openedUs >= ENFORCE_AFTER_US)) return;
    if (!guarded.enforced) {
      // What was missed before is not held against the stream.
      guarded.enforced = true;
      guarded.monitor.window.restart();
    }
    this.#checkWindow(guarded, verdict);
    // `late` and `stale` say it beyond the clock's uncertainty; lost, corrupt and indeterminate frames do not trip.
    if (contract.class === 'hard' && (verdict === verdictCode.late || verdict === verdictCode.stale)) {
      this.#trip('deadlineMissed', judgement.judgedUs);
    }
  }

  /** A frame of another firmware, boot or host came on the line of this board. */
  foreign(nowUs: number): void {
    this.metInARow = 0;
    this.#brokenBy = 'foreign';
    for (const { monitor } of this.#streams.values())
      if (monitor.contract.class === 'hard') this.#trip('foreignFrames', nowUs);
  }

  /**
   * To be called when everything readable has been judged: trips a hard stream whose newest good sample is too old, and
   * degrades a silent firm one.
   */
  check(nowUs: number): void {
    if (!this.#enforces(nowUs)) return;
    for (const guarded of this.#streams.values()) {
      const { monitor } = guarded;
      if (monitor.contract.class === 'soft') continue;
      if (monitor.silent) this.#degrade(guarded, 'silence');
      if (monitor.contract.class === 'hard' && monitor.ageAtLeastUs(nowUs) > sampleAgeMaxUs(monitor.contract)) {
        this.#trip('dataStale', nowUs);
      }
    }
  }

  /** Asks to arm. When refused, `missing` names each condition with its value. */
  arm(conditions: ArmConditions): ArmAnswer {
    const missing = [...this.#missing(conditions)];
    if (missing.length > 0) return { ok: false, missing };
    this.state = 'armed';
    return { ok: true };
  }

  disarm(): void {
    if (this.state === 'armed') this.state = 'disarmed';
  }

  /** Ends a trip, by an explicit command only. Heartbeats may run again; arming is a second step with all its conditions. */
  rearm(): boolean {
    if (this.state !== 'tripped') return false;
    this.state = 'disarmed';
    this.tripCause = 'none';
    this.metInARow = 0;
    this.#brokenBy = 'rearm';
    this.#sink.alarm('tripped', false, 're-armed');
    return true;
  }

  /** Somebody, or something outside, wants the outputs safe now. Latched like any trip. */
  safe(): void {
    this.#latch('hostSafe', 'safe state was asked for');
  }

  /**
   * What the board says of itself (`status`, frame flags). Its own trip is adopted; a board that is armed without this
   * host having armed it is sent to its safe state.
   */
  reported(state: ArmState, cause: TripCause): void {
    if (state === 'tripped' && this.state !== 'tripped') {
      this.state = 'tripped';
      this.tripCause = cause;
      this.#sink.alarm('tripped', true, `the board tripped by itself: ${cause}`);
    } else if (state === 'tripped' && this.tripCause === 'none') {
      // The flags of a frame said that it had; its event was lost, and its status brings the cause.
      this.tripCause = cause;
    } else if (state === 'armed' && this.state === 'disarmed') {
      this.#latch('hostSafe', 'the board was armed, but not by this bridge');
    }
  }

  *#missing({ nowUs, uncertaintyUs }: ArmConditions): Generator<string> {
    if (this.state === 'tripped') yield `the board has tripped (${this.tripCause}): re-arm first`;
    if (this.state === 'armed') yield 'the board is armed already';
    const deadlineUs = Math.min(...[...this.#streams.values()].map(({ monitor }) => monitor.contract.deadlineUs));
    const uncertaintyMaxUs = deadlineUs * UNCERTAINTY_SHARE;
    if (!Number.isFinite(uncertaintyMaxUs)) yield 'no stream has started';
    else if (uncertaintyUs === Number.POSITIVE_INFINITY)
      yield 'the clock is not settled: no ping has been answered yet';
    else if (!(uncertaintyUs <= uncertaintyMaxUs)) {
      yield `the clock is uncertain by ${Math.round(uncertaintyUs)} µs: at most ${uncertaintyMaxUs} µs, a quarter of the tightest deadline`;
    }
    if (this.metInARow < MET_BEFORE_ARM) {
      yield `${this.metInARow} frames in a row have met, ${MET_BEFORE_ARM} are needed (before: ${this.#brokenText()})`;
    }
    const beatAgoUs = nowUs - this.#heartbeatUs;
    if (beatAgoUs === Number.POSITIVE_INFINITY) yield 'no heartbeat has been sent';
    else if (beatAgoUs > HEARTBEAT_FRESH_US) {
      yield `the last heartbeat was ${Math.round(beatAgoUs / 1e3)} ms ago: at most ${HEARTBEAT_FRESH_US / 1e3} ms`;
    }
  }

  #brokenText(): string {
    switch (this.#brokenBy) {
      case 'session':
        return 'the session has just begun';
      case 'gap':
        return `${this.#brokenCount} lost before frame ${this.#brokenSeq}`;
      case 'frame':
        return `frame ${this.#brokenSeq} was ${verdicts[this.#brokenVerdict]}`;
      case 'foreign':
        return 'a foreign frame';
      case 'rearm':
        return 'the board has just been re-armed';
    }
  }

  #checkWindow(guarded: GuardedStream, verdict: number): void {
    const { window, contract } = guarded.monitor;
    // Also in between: a frame that met may have pushed out the oldest miss since the gap before it broke the contract.
    if (window.takeViolation() || window.violated) {
      this.#degrade(guarded, 'window');
    } else if (guarded.degraded && isInWindow(verdict) && --guarded.untilWell <= 0) {
      guarded.degraded = false;
      this.#sink.alarm(
        `degraded-${guarded.name}`,
        false,
        `${guarded.name}: the last ${contract.k} frames kept the contract`,
      );
    }
  }

  /** Degraded until k frames have passed without a violation, so that the alarm does not flap. */
  #degrade(guarded: GuardedStream, by: 'window' | 'silence'): void {
    const { window, contract, outage } = guarded.monitor;
    guarded.untilWell = contract.k;
    if (guarded.degraded) return;
    guarded.degraded = true;
    const text =
      by === 'window'
        ? `${guarded.name}: ${window.violationMet} of ${window.violationSize} frames met, (${contract.m}, ${contract.k}) is the contract`
        : `${guarded.name}: silent for ${Math.round((outage.toUs - outage.fromUs) / 1e3)} ms, the lease is ${contract.leaseUs / 1e3} ms`;
    this.#sink.alarm(`degraded-${guarded.name}`, true, text);
  }

  #enforces(nowUs: number): boolean {
    return nowUs - this.#openedUs >= ENFORCE_AFTER_US;
  }

  #trip(cause: TripCause, nowUs: number): void {
    if (this.state === 'armed' && this.#enforces(nowUs)) this.#latch(cause, `tripped: ${cause}`);
  }

  #latch(cause: TripCause, text: string): void {
    const was = this.state;
    this.state = 'tripped';
    this.#sink.safe(cause);
    if (was === 'tripped') return;
    this.tripCause = cause;
    this.#sink.alarm('tripped', true, text);
  }
}

/** What says nothing of the contract (a repetition, a frame that nobody can judge) does not count for it either. */
const isInWindow = (verdict: number): boolean =>
  verdict === verdictCode.met || verdict === verdictCode.late || verdict === verdictCode.stale;

/** The oldest that the newest good sample of a hard stream may be: its deadline, and two periods so that one lost frame trips nothing. */
function sampleAgeMaxUs(contract: Contract): number {
  return contract.deadlineUs + 2 * contract.periodUs;
}
