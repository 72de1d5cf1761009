/** Watches the bridge and the board while they run, with the book in hand, and throws a `Violation` as soon as they disagree. */
import type { DataFrame } from '../codec/decoder.js';
import type { Judgement } from '../deadline/judgement.js';
import { controlStream } from '../deadline/model/stream.js';
import { culprits, verdictCode, verdicts } from '../deadline/verdict.js';
import type { HealthRecord, MissRecord, StatsRecord } from '../feed/events.js';
import type { ReceivedFrame } from '../feed/frame.js';
import type { TextEvent } from '../outlet.js';
import type { Watcher } from './bridge.js';
import type { Device } from './device.js';
import type { HostThread } from './host-thread.js';
import type { Scores } from './scores.js';
import { type FrameBook, signalValue } from './truth.js';
import { Violation } from './violation.js';

const { deadlineUs, lifespanUs, leaseUs, budgets } = controlStream.contract;
/** Stamps are truncated, bounds cross by rounding. */
const ROUNDING_US = 3;
/** How long a stream may be overdue beyond its lease before that is told: a look at the port each millisecond, and the timers' lateness. */
const SILENCE_TOLERANCE_US = 2000;

export interface CheckedParts {
  readonly book: FrameBook;
  readonly device: Device;
  readonly thread: HostThread;
  readonly scores: Scores;
  /** Names the fault at work when a frame was late. */
  readonly causeOf: (truth: string) => string;
}

export class Checker implements Watcher {
  /** Frames judged, and lost by the bridge's account. */
  framesJudged = 0;
  framesLost = 0;
  /** In a row, without a miss, since the last fault. */
  metInARow = 0;
  /** Sequence jumps injected since the newest frame in order. */
  sequenceJumps = 0;
  /** Until then the clocks do not keep what the model assumes: a clock jumped or changed its rate. True time. */
  clockExcusedUntilUs = 0;
  /** Pongs until a clock that jumped is known again. */
  #pongsAwaited = 0;
  /** True release of the newest frame that a bridge has judged good: what it has proved to know. */
  provenReleaseUs = Number.NEGATIVE_INFINITY;
  /** When the host was last kept from running, true time. */
  hostAwayUntilUs = 0;
  /** True time of the newest good frame's arrival; NaN in a new session. */
  newestArrivalUs = Number.NaN;
  readonly #parts: CheckedParts;
  #tag = -1;
  #newest = -1; // index in the book of the newest frame in order
  #newestRelease = Number.NaN;
  #newestStampedUs = Number.NaN;
  readonly #verdicts = new Float64Array(verdicts.length);

  constructor(parts: CheckedParts) {
    this.#parts = parts;
  }

  fail(invariant: string, values: Readonly<Record<string, unknown>>): never {
    throw new Violation(invariant, this.#nowUs, values);
  }

  /** The board's clock jumps or changes its rate, or the host's stands still. */
  clockFault(untilUs: number): void {
    this.clockExcusedUntilUs = Math.max(this.clockExcusedUntilUs, untilUs);
    this.#pongsAwaited = 2;
  }

  get #clockIsExcused(): boolean {
    return this.#pongsAwaited > 0 || this.#nowUs < this.clockExcusedUntilUs;
  }

  get #nowUs(): number {
    return this.#parts.thread.nowUs;
  }

  // ---- what the bridge does ----

  accepted(frame: DataFrame): void {
    const { book } = this.#parts;
    const i = book.find(frame.session, frame.seq);
    const isTrue =
      i >= 0 &&
      book.damaged[i] === 0 &&
      book.stampUs[i] === frame.releaseUs &&
      book.lateUs[i] === frame.lateUs &&
      book.execUs[i] === frame.execUs &&
      book.queueBytes[i] === frame.queueBytes &&
      book.flags[i] === frame.flags &&
      book.skipped[i] === frame.skipped &&
      book.dropped[i] === frame.dropped &&
      hasValues(frame);
    if (!isTrue) this.fail('no corrupted frame is accepted', { seq: frame.seq, session: frame.session });
    this.#tag = frame.session;
  }

  judged(received: ReceivedFrame, judgement: Judgement): void {
    const { book } = this.#parts;
    const i = book.find(this.#tag, judgement.seq % 2 ** 32);
    if (i < 0) this.fail('every judged frame was sent', { seq: judgement.seq });
    this.framesJudged++;
    book.arrivals[i]!++;
    if (book.arrivals[i] === 1) book.judgedUs[i] = this.#nowUs;
    const { verdict } = judgement;
    this.#verdicts[verdict]!++;
    const isRepeated = book.arrivals[i]! > 1;
    const isLate = !isRepeated && book.release[i]! < this.#newestRelease;
    this.#same('repeated', isRepeated, verdict === verdictCode.repeated, judgement);
    this.#same('reordered', isLate, verdict === verdictCode.reordered, judgement);
    if (isRepeated || isLate) return;
    this.#gap(i, judgement);
    this.#age(i, judgement);
    this.#newest = i;
    this.#newestRelease = book.release[i]!;
    this.#newestStampedUs = book.releaseUs[i]!;
    this.newestArrivalUs = this.#nowUs;
    this.provenReleaseUs = Math.max(this.provenReleaseUs, book.releaseUs[i]!);
    this.metInARow = verdict === verdictCode.met && judgement.gap.count === 0 ? this.metInARow + 1 : 0;
    if (received.count !== controlStream.signals.length) this.fail('values', { count: received.count });
  }

  missed(miss: MissRecord): void {
    if (miss.isGap) {
      if (Number.isNaN(miss.count)) this.#silence(miss);
      return;
    }
    if (miss.verdict !== verdictCode.late && miss.verdict !== verdictCode.stale) return;
    const { book, scores } = this.#parts;
    const i = book.find(this.#tag, miss.firstSeq % 2 ** 32);
    if (i < 0 || this.#clockIsExcused) return;
    const ageUs = book.judgedUs[i]! - book.releaseUs[i]!;
    if (ageUs <= deadlineUs - ROUNDING_US) this.fail('no met frame is blamed', { seq: miss.firstSeq, ageUs });
    const truth = this.#truth(i);
    scores.add(this.#parts.causeOf(truth), culprits[miss.culprit]!, truth);
  }

  stats(stats: StatsRecord): void {
    if (this.#newest < 0) return;
    for (const name of ['met', 'late', 'indeterminate', 'stale', 'repeated', 'reordered', 'lost'] as const) {
      const told = stats.verdicts[verdictCode[name]]!;
      const counted = this.#verdicts[verdictCode[name]]!;
      if (told !== counted) this.fail('frames sent = judged + lost', { verdict: name, told, counted });
    }
  }

  health(health: HealthRecord): void {
    if (!health.live || this.#clockIsExcused) return;
    const ageUs = this.#nowUs - this.#newestStampedUs;
    if (!(ageUs <= lifespanUs + ROUNDING_US)) this.fail('stale is never live', { ageUs, lifespanUs });
  }

  told(event: TextEvent): void {
    if (event.type !== 'board') return;
    // A session begins, or ends: counts start again.
    this.#newest = -1;
    this.#newestRelease = Number.NaN;
    this.newestArrivalUs = Number.NaN;
    this.sequenceJumps = 0;
    this.#verdicts.fill(0);
  }

  ponged(): void {
    if (this.#pongsAwaited > 0 && this.#nowUs >= this.clockExcusedUntilUs) this.#pongsAwaited--;
  }

  ticked(): void {}

  // ---- invariants ----

  #same(name: string, really: boolean, told: boolean, judgement: Judgement): void {
    if (really === told) return;
    this.fail(`${name} frames are told`, { seq: judgement.seq, really, verdict: verdicts[judgement.verdict] });
  }

  /** What is missing between two frames is what the board released between them, to the frame. */
  #gap(i: number, { gap, seq }: Judgement): void {
    const { book } = this.#parts;
    const expected = this.#newest < 0 ? 0 : book.release[i]! - this.#newestRelease - 1;
    const hasJumped = this.sequenceJumps > 0;
    this.sequenceJumps = 0;
    this.#verdicts[verdictCode.lost]! += gap.count;
    this.framesLost += gap.count;
    // A jump of the numbers with skipped releases beside it cannot be told apart from the losses.
    if (gap.count !== expected && !(hasJumped && gap.skippedDelta > 0)) {
      this.fail('losses are counted exactly', { seq, told: gap.count, really: expected, skipped: gap.skippedDelta });
    }
  }

  #age(i: number, { verdict, uncertaintyUs, releaseHostUs, judgedUs, seq }: Judgement): void {
    if (this.#clockIsExcused) return;
    const ageUs = this.#nowUs - this.#parts.book.releaseUs[i]!;
    const statedUs = judgedUs - releaseHostUs;
    const values = { seq, ageUs, statedUs, uncertaintyUs };
    if (Math.abs(statedUs - ageUs) > uncertaintyUs + ROUNDING_US)
      this.fail('the truth is within the uncertainty', values);
    if (verdict === verdictCode.met && ageUs > deadlineUs + ROUNDING_US)
      this.fail('no late frame passes as met', values);
    const isLate = verdict === verdictCode.late || verdict === verdictCode.stale;
    if (isLate && ageUs < deadlineUs - ROUNDING_US) this.fail('no met frame is called late', values);
  }

  #silence({ fromUs, toUs }: MissRecord): void {
    const forUs = toUs - fromUs;
    if (forUs <= leaseUs) this.fail('no silence within the lease', { forUs, leaseUs });
    const hostWasAway = this.hostAwayUntilUs > this.#nowUs - forUs;
    if (forUs > leaseUs + SILENCE_TOLERANCE_US && !hostWasAway)
      this.fail('silence is told in time', { forUs, leaseUs });
  }

  /** The segment that really overran its budget by most. */
  #truth(i: number): string {
    const { book } = this.#parts;
    const firmware = book.handedUs[i]! - book.releaseUs[i]! - budgets.firmwareUs;
    const link = book.readyUs[i]! - book.handedUs[i]! - budgets.linkUs;
    const host = book.judgedUs[i]! - book.readyUs[i]! - budgets.hostUs;
    if (firmware >= link && firmware >= host) return 'firmware';
    return link >= host ? 'link' : 'host';
  }
}

function hasValues(frame: DataFrame): boolean {
  for (let k = 0; k < controlStream.signals.length; k++) {
    const { scale, offset } = controlStream.signals[k]!;
    if (frame.values[k] !== signalValue(frame.seq, k) * scale + offset) return false;
  }
  return true;
}
