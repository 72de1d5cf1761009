/** Watches the bridge and the board while they run, with the book in hand, and throws a `Violation` as soon as they disagree. */
import type { DataFrame } from '../codec/decoder.js';
import type { Message } from '../codec/message.js';
import type { Judgement } from '../deadline/judgement.js';
import { controlStream } from '../deadline/model/stream.js';
import { culprits, verdictCode, verdicts } from '../deadline/verdict.js';
import type { HealthRecord, MissRecord, StatsRecord } from '../feed/events.js';
import type { ReceivedFrame } from '../feed/frame.js';
import type { LinkState } from '../feed/slot.js';
import type { TextEvent } from '../outlet.js';
import { ClockDoubt } from './clock-doubt.js';
import type { Device } from './device.js';
import type { HostThread } from './host-thread.js';
import type { Scores } from './scores.js';
import { delayer, loser } from './true-culprit.js';
import { type FrameBook, signalValue } from './truth.js';
import { Violation } from './violation.js';
import type { Watcher } from './watcher.js';

const { deadlineUs, lifespanUs, leaseUs } = controlStream.contract;
/** How long a stream may be overdue beyond its lease before that is told: a look at the port each millisecond, the timers' lateness, and waking up to read what is noise. */
const SILENCE_TOLERANCE_US = 2150;
const TICK_US = 5000;
/** Nothing is enforced so long after a session has begun. */
const ENFORCED_AFTER_US = 2e6;

export interface CheckedParts {
  readonly book: FrameBook;
  readonly device: Device;
  readonly thread: HostThread;
  readonly scores: Scores;
  /** Names the fault at work when a frame was late. */
  readonly causeOf: (truth: string) => string;
  readonly history: () => readonly string[];
  readonly published: (offset: number, seq: number, releaseUs: number) => void;
}

export class Checker implements Partial<Watcher> {
  /** What can be known of the clocks now. */
  readonly clock: ClockDoubt;
  /** Frames judged, and lost by the bridge's account. */
  framesJudged = 0;
  framesLost = 0;
  /** As the bridge tells them, over all sessions. */
  readonly disorder = { repeated: 0, reordered: 0 };
  /** In a row, without a miss, since the last fault. */
  metInARow = 0;
  /** True release of the newest frame that a bridge has judged good: what it has proved to know. */
  provenReleaseUs = Number.NEGATIVE_INFINITY;
  /** When the host was last kept from running, true time. */
  hostAwayUntilUs = 0;
  /** When the newest good frame came, on the host's clock; NaN in a new session. */
  newestArrivalUs = Number.NaN;
  /** True release of that frame. */
  newestReleaseUs = Number.NaN;
  /** Whether the frame judged last was late beyond what its verdict says that it does not know. */
  isCertainlyLate = false;
  /** Since when the contract is enforced for certain, host's clock; Infinity before the first session. */
  enforcedFromUs = Number.POSITIVE_INFINITY;
  readonly #parts: CheckedParts;
  #tag = -1;
  #accepted = -1;
  #newest = -1; // index in the book of the newest frame in order
  #newestRelease = Number.NaN;
  #newestJumps = 0;
  #newestBacks = 0;
  readonly #verdicts = new Float64Array(verdicts.length);

  constructor(parts: CheckedParts) {
    this.#parts = parts;
    this.clock = new ClockDoubt(
      () => parts.thread.nowUs,
      (trueUs) => parts.device.clock.at(trueUs),
    );
  }

  fail(invariant: string, values: Readonly<Record<string, unknown>>): never {
    throw new Violation(invariant, this.#nowUs, values, this.#parts.history());
  }

  get #nowUs(): number {
    return this.#parts.thread.nowUs;
  }

  // ---- what the bridge does ----

  accepted(frame: DataFrame): void {
    const { book } = this.#parts;
    const i = book.find(frame.session, frame.seq, frame.releaseUs);
    this.#accepted = i;
    const differs = i < 0 ? 'nobody sent it' : this.#difference(i, frame);
    if (differs !== null) this.fail('no corrupted frame is accepted', { seq: frame.seq, tag: frame.session, differs });
    this.#tag = frame.session;
    // Misses are told before the judgement is.
    if (book.arrivals[i] === 0) {
      book.judgedUs[i] = this.#nowUs;
      book.excused[i] = this.clock.isExcused ? 1 : 0;
    }
    book.arrivals[i]!++;
  }

  judged(received: ReceivedFrame, judgement: Judgement, offset: number): void {
    const { book } = this.#parts;
    const i = this.#accepted;
    if (book.seq[i] !== onWire(judgement.seq)) this.fail('every judged frame was sent', { seq: judgement.seq });
    this.framesJudged++;
    this.isCertainlyLate = false;
    this.#parts.published(offset, judgement.seq, book.releaseUs[i]!);
    const { verdict } = judgement;
    this.#verdicts[verdict]!++;
    // Numbers that went back are old numbers to the bridge: rightly, until they are new again or the session is.
    const isOld = verdict === verdictCode.repeated || verdict === verdictCode.reordered;
    if (isOld && this.#newest >= 0 && book.backs[i] !== this.#newestBacks) return;
    const isRepeated = book.arrivals[i]! > 1;
    const isLate = !isRepeated && book.release[i]! < this.#newestRelease;
    this.#same('repeated', isRepeated, verdict === verdictCode.repeated, judgement);
    this.#same('reordered', isLate, verdict === verdictCode.reordered, judgement);
    if (isRepeated) this.disorder.repeated++;
    else if (isLate) this.disorder.reordered++;
    if (isRepeated || isLate) return;
    this.#gap(i, judgement);
    this.#age(i, judgement);
    this.#newest = i;
    this.#newestRelease = book.release[i]!;
    this.#newestJumps = book.jumps[i]!;
    this.#newestBacks = book.backs[i]!;
    this.newestReleaseUs = book.releaseUs[i]!;
    this.newestArrivalUs = this.#parts.thread.clockUs;
    this.provenReleaseUs = Math.max(this.provenReleaseUs, book.releaseUs[i]!);
    this.metInARow = verdict === verdictCode.met && judgement.gap.count === 0 ? this.metInARow + 1 : 0;
    if (received.count !== controlStream.signals.length) this.fail('values', { count: received.count });
  }

  missed(miss: MissRecord): void {
    if (miss.isGap) {
      if (Number.isNaN(miss.count)) this.#silence(miss);
      else this.#scoreGap(miss);
      return;
    }
    if (miss.verdict !== verdictCode.late && miss.verdict !== verdictCode.stale) return;
    const { book, scores } = this.#parts;
    const i = book.find(this.#tag, onWire(miss.firstSeq));
    // Not judged yet: another frame that a board whose numbers went back has given the same one.
    if (i < 0 || book.excused[i] !== 0 || Number.isNaN(book.judgedUs[i])) return;
    const ageUs = book.judgedUs[i]! - book.releaseUs[i]!;
    if (ageUs <= deadlineUs - this.clock.toleranceUs)
      this.fail('no met frame is blamed', { seq: miss.firstSeq, ageUs });
    const truth = delayer(book, i);
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
    if (!health.live || this.clock.isExcused) return;
    // While the machine was suspended its clock stood still: what came before is as young as it was then.
    if (this.newestReleaseUs < this.clock.jumpEndUs) return;
    const ageUs = this.#nowUs - this.newestReleaseUs;
    if (!(ageUs <= lifespanUs + this.clock.toleranceUs)) this.fail('stale is never live', { ageUs, lifespanUs });
  }

  told(event: TextEvent): void {
    if (event.type !== 'board') return;
    // A session begins, or ends: counts start again, and the pings of the old one are not awaited any more. It was
    // established before its streams are told of.
    this.enforcedFromUs = this.#parts.thread.clockUs + ENFORCED_AFTER_US;
    this.clock.sessionBegan();
    this.#newest = -1;
    this.#newestRelease = Number.NaN;
    this.newestArrivalUs = Number.NaN;
    this.#verdicts.fill(0);
  }

  ponged({ rxUs }: Message<'pong'>, roundTripUs: number): void {
    this.clock.ponged(rxUs, roundTripUs);
  }

  ticked(state: LinkState): void {
    const { thread } = this.#parts;
    const overdueUs = thread.clockUs - this.newestArrivalUs - leaseUs;
    if (state !== 'streaming' || !(overdueUs > SILENCE_TOLERANCE_US + TICK_US) || thread.isReadingHung) return;
    if (this.#nowUs - this.hostAwayUntilUs > 2 * TICK_US) this.fail('every silence is told', { overdueUs });
  }

  // ---- invariants ----

  /** What is not as the board sent it; null when everything is. */
  #difference(i: number, frame: DataFrame): string | null {
    const { book } = this.#parts;
    if (book.damaged[i] !== 0) return 'its bytes';
    if (book.stampUs[i] !== frame.releaseUs) return 'releaseUs';
    if (book.lateUs[i] !== frame.lateUs || book.execUs[i] !== frame.execUs) return 'lateUs or execUs';
    if (book.queueBytes[i] !== frame.queueBytes) return 'queueBytes';
    if (book.flags[i] !== frame.flags) return 'flags';
    if (book.skipped[i] !== frame.skipped || book.dropped[i] !== frame.dropped) return 'skipped or dropped';
    return hasValues(frame) ? null : 'values';
  }

  #same(name: string, really: boolean, told: boolean, judgement: Judgement): void {
    if (really === told) return;
    this.fail(`${name} frames are told`, { seq: judgement.seq, really, verdict: verdicts[judgement.verdict] });
  }

  /** What is missing between two frames is what the board released between them, to the frame. */
  #gap(i: number, { gap, seq }: Judgement): void {
    const { book } = this.#parts;
    const expected = this.#newest < 0 ? 0 : book.release[i]! - this.#newestRelease - 1;
    const hasJumped = this.#newest >= 0 && book.jumps[i] !== this.#newestJumps;
    const wentBack = this.#newest >= 0 && book.backs[i] !== this.#newestBacks;
    this.#verdicts[verdictCode.lost]! += gap.count;
    this.framesLost += gap.count;
    // A jump of the numbers with skipped releases beside it cannot be told apart from the losses.
    if (gap.count !== expected && !wentBack && !(hasJumped && gap.skippedDelta > 0)) {
      this.fail('losses are counted exactly', { seq, told: gap.count, really: expected, skipped: gap.skippedDelta });
    }
  }

  #age(i: number, { verdict, uncertaintyUs, releaseHostUs, judgedUs, seq }: Judgement): void {
    if (this.clock.isExcused) return;
    const ageUs = this.#nowUs - this.#parts.book.releaseUs[i]!;
    const statedUs = judgedUs - releaseHostUs;
    const values = { seq, ageUs, statedUs, uncertaintyUs };
    if (Math.abs(statedUs - ageUs) > uncertaintyUs + this.clock.toleranceUs)
      this.fail('the truth is within the uncertainty', values);
    if (verdict === verdictCode.met && ageUs > deadlineUs + this.clock.toleranceUs)
      this.fail('no late frame passes as met', values);
    const isLate = verdict === verdictCode.late || verdict === verdictCode.stale;
    if (isLate && ageUs < deadlineUs - this.clock.toleranceUs) this.fail('no met frame is called late', values);
    // What is stated may be as far from the truth as the uncertainty, and must be past the deadline by as much again.
    const doubtUs = 2 * uncertaintyUs + this.clock.toleranceUs;
    this.isCertainlyLate = ageUs > deadlineUs + doubtUs;
    if (this.isCertainlyLate && !isLate) this.fail('what is certainly late is called late', values);
    if (ageUs > lifespanUs + doubtUs && verdict !== verdictCode.stale)
      this.fail('what is certainly stale is called stale', values);
  }

  #silence({ fromUs, toUs }: MissRecord): void {
    const forUs = toUs - fromUs;
    if (forUs <= leaseUs) this.fail('no silence within the lease', { forUs, leaseUs });
    const hostWasAway = this.hostAwayUntilUs > this.#nowUs - forUs;
    if (forUs > leaseUs + SILENCE_TOLERANCE_US && !hostWasAway)
      this.fail('silence is told in time', { forUs, leaseUs });
  }

  /** Who is charged with a gap, or with a silence after which nothing is missing, beside who really lost or held it. */
  #scoreGap({ count, culprit, skippedDelta }: MissRecord): void {
    const { book, scores } = this.#parts;
    const i = this.#accepted;
    // Nothing is known of what was before the first frame, and numbers that went back or jumped hide what is missing.
    if (this.#newest < 0 || book.backs[i] !== this.#newestBacks) return;
    if (book.jumps[i] !== this.#newestJumps && skippedDelta > 0) return;
    const truth = count === 0 ? delayer(book, i) : loser(book, this.#newest, this.#newestRelease, i);
    if (truth === null) return;
    scores.add(this.#parts.causeOf(truth), culprits[culprit]!, truth, Math.max(1, count));
  }
}

/** Low 32 bits of an unwrapped number, which is negative when a young board's numbers went back. */
const onWire = (seq: number): number => ((seq % 2 ** 32) + 2 ** 32) % 2 ** 32;

function hasValues(frame: DataFrame): boolean {
  for (let k = 0; k < controlStream.signals.length; k++) {
    const { scale, offset } = controlStream.signals[k]!;
    if (frame.values[k] !== signalValue(frame.seq, k) * scale + offset) return false;
  }
  return true;
}
