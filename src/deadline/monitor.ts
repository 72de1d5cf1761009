/**
 * Holds every frame of one stream to its contract: sequence, loss, period, age, silence, (m,k). Constant work and no
 * allocation per frame; no clock is read, the caller passes the times.
 */
import type { ClockModel, FrameTimes } from './clock.js';
import type { Contract } from './contract.js';
import { Counters, type StreamStats } from './counters.js';
import type { DeviceTime } from './device-time.js';
import { DurationHistogram, LONGEST_US } from './histogram.js';
import { Gap, type Judged, Judgement, type TimedFrame } from './judgement.js';
import type { LineTiming } from './line-load.js';
import { LossAccount } from './loss.js';
import { SequenceTracker } from './sequence.js';
import { type Culprit, culpritCode, verdictCode } from './verdict.js';
import { FirmWindow } from './window.js';

export class StreamMonitor {
  readonly contract: Contract;
  readonly counters = new Counters();
  readonly window: FirmWindow;
  /** The silence under way, from the call of `silence` that noticed it. */
  readonly outage = new Gap();
  /** Whether the stream is silent beyond its lease. */
  silent = false;
  /** Device time of the newest good frame's release, for the heartbeat's echo; NaN before the first. */
  newestReleaseUs = Number.NaN;
  /** The same on the host's clock; NaN when that could not be said. */
  newestReleaseHostUs = Number.NaN;
  /** Arrival of the newest good frame; NaN before the first. */
  newestArrivalUs = Number.NaN;
  /** Until when the newest value may be shown as live, host monotonic; -Infinity while it may not. */
  liveUntilUs = Number.NEGATIVE_INFINITY;

  readonly #clock: ClockModel;
  readonly #deviceTime: DeviceTime;
  readonly #line: LineTiming;
  readonly #sequence = new SequenceTracker();
  readonly #losses: LossAccount;
  readonly #arrivalJitter = new DurationHistogram();
  readonly #judgement = new Judgement();
  readonly #times: FrameTimes = {
    completeUs: Number.NaN,
    arrivalUs: Number.NaN,
    releaseUs: Number.NaN,
    hostUs: Number.NaN,
    uncertaintyUs: Number.POSITIVE_INFINITY,
  };
  #expectFromUs = Number.NaN;
  #startUs = Number.NaN; // device time at which the newest frame's job started
  #frames = 0;
  #framesAtStats = 0;
  #statsUs = Number.NaN;

  /** @param line nominal and certain time of a byte on the wire. `clock` and `deviceTime` belong to the board. */
  constructor(contract: Contract, line: LineTiming, clock: ClockModel, deviceTime: DeviceTime) {
    this.contract = contract;
    this.window = new FirmWindow(contract.m, contract.k);
    this.#line = line;
    this.#losses = new LossAccount(contract.periodUs);
    this.#clock = clock;
    this.#deviceTime = deviceTime;
    this.#judgement.lifespanUs = contract.lifespanUs;
  }

  /**
   * A session began: everything before it is forgotten, the counters too.
   * @param expectFromUs when the first frame is due, host monotonic (a booting board has its grace); no silence is judged before
   */
  restart(boot: number, expectFromUs: number): void {
    this.counters.restart();
    this.window.restart();
    this.#sequence.restart();
    this.#losses.restart();
    this.#arrivalJitter.clear();
    this.#judgement.boot = boot;
    this.silent = false;
    this.newestReleaseUs = Number.NaN;
    this.newestReleaseHostUs = Number.NaN;
    this.newestArrivalUs = Number.NaN;
    this.liveUntilUs = Number.NEGATIVE_INFINITY;
    this.#expectFromUs = expectFromUs;
    this.#startUs = Number.NaN;
    this.#frames = 0;
    this.#framesAtStats = 0;
    this.#statsUs = Number.NaN;
  }

  /**
   * Judges a frame whose CRC and session are right. Also gives the clock model its bound. The time comes in an object, which
   * the caller reuses: a double passed as an argument is boxed wherever the call is not inlined.
   * @returns the reused judgement; its `gap` tells what is missing before this frame
   */
  judge(frame: TimedFrame, { judgedUs }: Judged): Judgement {
    const judgement = this.#judgement;
    const order = this.#sequence.place(frame.seq | 0); // an integer is not boxed
    judgement.seq = this.#sequence.seq;
    judgement.culprit = 0;
    judgement.gap.count = 0;
    judgement.gap.wasSilence = false;
    judgement.arrivalUs = frame.arrivalUs;
    judgement.judgedUs = judgedUs;
    const inOrder = order !== 'repeated' && order !== 'reordered';
    this.#time(judgement, frame);
    if (inOrder) {
      this.#findGap(judgement, frame);
      this.#measureJitter(judgement, frame);
      judgement.verdict = this.#verdictOf(judgement);
      this.#keepNewest(judgement, frame);
      this.#pushWindow(judgement.verdict);
      if (judgement.latenessUs > this.counters.worstLatenessUs) this.counters.worstLatenessUs = judgement.latenessUs;
    } else judgement.verdict = order === 'repeated' ? verdictCode.repeated : verdictCode.reordered;
    judgement.live = inOrder && judgedUs <= this.liveUntilUs;
    this.counters.verdicts[judgement.verdict]!++;
    this.#frames++;
    return judgement;
  }

  /** Damaged bytes came on the line: a run of them, or more of one (`isNew` false). They belong to no stream for certain, so on a board of several each is told. */
  corrupt(bytes: number, isNew: boolean): void {
    if (isNew) this.counters.verdicts[verdictCode.corrupt]!++;
    this.counters.corruptBytes += bytes;
    this.#losses.corrupt(bytes);
  }

  /** A frame of this number came with a right CRC and another session's tag. */
  foreign(): void {
    this.counters.verdicts[verdictCode.foreign]!++;
  }

  /** Books who was late: one frame, or all of a gap. */
  charge(culprit: Culprit, count: number): void {
    this.counters.culprits[culpritCode[culprit]]! += count;
  }

  /**
   * Judges silence. Call it only when everything readable has been judged: after a look at the port that found nothing,
   * or the host's own stall would be taken for the board's silence.
   * @returns true once, when the silence begins (`outage` holds it); it ends with the gap of the next frame
   */
  silence(nowUs: number): boolean {
    const sinceUs = Number.isNaN(this.newestArrivalUs) ? this.#expectFromUs : this.newestArrivalUs;
    if (this.silent || !(nowUs - sinceUs > this.contract.leaseUs)) return false;
    this.silent = true;
    const outage = this.outage;
    outage.count = Number.NaN;
    outage.firstSeq = this.#sequence.newest + 1;
    outage.lastSeq = Number.NaN;
    outage.fromUs = sinceUs;
    outage.toUs = nowUs;
    outage.skippedDelta = 0;
    outage.droppedDelta = 0;
    outage.corruptBytes = this.#losses.corruptBytes;
    outage.wasSilence = true;
    return true;
  }

  /** Sequence numbers that went forward by more than the elapsed device time allows. */
  get sequenceJumps(): number {
    return this.#losses.sequenceJumps;
  }

  /** Whether the newest value may be shown as live: it is certainly within its lifespan. */
  live(nowUs: number): boolean {
    return nowUs <= this.liveUntilUs;
  }

  /**
   * Least age that the newest good sample can have, µs; that of the missing first one counts from when it was due.
   * NaN while none is due yet.
   */
  ageAtLeastUs(nowUs: number): number {
    if (Number.isNaN(this.newestArrivalUs)) return nowUs > this.#expectFromUs ? nowUs - this.#expectFromUs : Number.NaN;
    const byArrivalUs = nowUs - this.newestArrivalUs;
    const mapped = this.#clock.map(this.newestReleaseUs, this.#times);
    const byClockUs = nowUs - mapped.hostUs - mapped.uncertaintyUs;
    return byClockUs > byArrivalUs ? byClockUs : byArrivalUs; // the first is NaN while the clock is not settled
  }

  /** Fills in the figures of the session so far. */
  stats(nowUs: number, into: StreamStats): void {
    const { counters } = this;
    into.boot = this.#judgement.boot;
    into.verdicts.set(counters.verdicts);
    into.culprits.set(counters.culprits);
    into.arrivalJitterP99Us = this.#arrivalJitter.percentile(0.99);
    into.releaseJitterMaxUs = counters.releaseJitterMaxUs;
    into.rateHz = ((this.#frames - this.#framesAtStats) * 1e6) / (nowUs - this.#statsUs);
    into.window = this.window.met;
    into.windowSize = this.window.size;
    into.corruptBytes = counters.corruptBytes;
    into.newestSeq = this.#sequence.newest;
    into.newestReleaseHostUs = this.newestReleaseHostUs;
    into.worstLatenessUs = counters.worstLatenessUs;
    into.judgedUs = nowUs;
    this.#framesAtStats = this.#frames;
    this.#statsUs = nowUs;
  }

  /** Release on both clocks. Every frame bounds the clock; a repetition only says less than its first coming. */
  #time(judgement: Judgement, frame: TimedFrame): void {
    const { byteUs, certainByteUs } = this.#line;
    const times = this.#times;
    this.#deviceTime.release(frame, times);
    times.hostUs = Number.NaN;
    times.uncertaintyUs = Number.POSITIVE_INFINITY;
    if (!Number.isNaN(times.releaseUs)) {
      const queuedUs = (frame.queueBytes + frame.wireBytes) * certainByteUs;
      times.completeUs = times.releaseUs + frame.lateUs + frame.execUs + queuedUs;
      times.arrivalUs = frame.arrivalUs;
      this.#clock.observe(times);
    }
    judgement.releaseUs = times.releaseUs;
    judgement.firmwareUs = frame.lateUs + frame.execUs + frame.queueBytes * byteUs;
    judgement.releaseHostUs = times.hostUs;
    judgement.uncertaintyUs = times.uncertaintyUs;
    judgement.latenessUs = judgement.judgedUs - times.hostUs - this.contract.deadlineUs;
  }

  #verdictOf(judgement: Judgement): number {
    const { uncertaintyUs, latenessUs } = judgement;
    if (!(uncertaintyUs < Number.POSITIVE_INFINITY)) return verdictCode.indeterminate;
    const { deadlineUs, lifespanUs } = this.contract;
    if (latenessUs + deadlineUs - uncertaintyUs > lifespanUs) return verdictCode.stale;
    if (latenessUs > uncertaintyUs) return verdictCode.late;
    return latenessUs <= -uncertaintyUs ? verdictCode.met : verdictCode.indeterminate;
  }

  /** Tells what is missing before this frame, and ends a silence. */
  #findGap(judgement: Judgement, frame: TimedFrame): void {
    const { gap } = judgement;
    this.#losses.account(judgement, this.#sequence, frame);
    gap.wasSilence = this.silent;
    if (gap.count === 0 && !this.silent) return;
    gap.fromUs = this.silent ? this.outage.fromUs : this.newestArrivalUs;
    gap.toUs = frame.arrivalUs;
    const { newestReleaseHostUs, newestArrivalUs } = this;
    gap.releasedUs = Number.isNaN(newestReleaseHostUs) ? newestArrivalUs : newestReleaseHostUs;
    this.silent = false;
    this.counters.verdicts[verdictCode.lost]! += gap.count;
    this.window.pushMisses(gap.count);
  }

  /** Deviation from the period, of the job's starts on device time and of the arrivals on the host's. */
  #measureJitter(judgement: Judgement, frame: TimedFrame): void {
    const startUs = judgement.releaseUs + frame.lateUs;
    const releasedAfterUs = judgement.releaseUs - this.newestReleaseUs;
    if (releasedAfterUs > 0) {
      const { periodUs, jitterUs } = this.contract;
      const plannedUs = Math.round(releasedAfterUs / periodUs) * periodUs;
      const releaseJitterUs = Math.abs(startUs - this.#startUs - plannedUs);
      if (releaseJitterUs > this.counters.releaseJitterMaxUs) this.counters.releaseJitterMaxUs = releaseJitterUs;
      if (releaseJitterUs > jitterUs) this.counters.jitterExceeded++;
      // Whole microseconds: an integer is not boxed.
      const arrivalJitterUs = Math.abs(frame.arrivalUs - this.newestArrivalUs - releasedAfterUs);
      this.#arrivalJitter.record(Math.min(arrivalJitterUs, LONGEST_US) | 0);
    }
    this.#startUs = startUs;
  }

  #keepNewest(judgement: Judgement, frame: TimedFrame): void {
    this.newestArrivalUs = frame.arrivalUs;
    this.newestReleaseUs = judgement.releaseUs;
    this.newestReleaseHostUs = judgement.releaseHostUs;
    const { releaseHostUs, uncertaintyUs } = judgement;
    this.liveUntilUs =
      uncertaintyUs < Number.POSITIVE_INFINITY
        ? releaseHostUs - uncertaintyUs + this.contract.lifespanUs
        : Number.NEGATIVE_INFINITY;
  }

  /** An indeterminate frame has neither met nor missed, so the window leaves it out. */
  #pushWindow(verdict: number): void {
    if (verdict !== verdictCode.indeterminate) this.window.push(verdict === verdictCode.met);
  }
}
