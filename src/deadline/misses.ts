/**
 * Turns judgements into misses: one for every late, stale, repeated or reordered frame, one for every gap and every
 * silence, each with its culprit. A frame that the link seems to have delayed waits for its successor (at most 50 ms),
 * because that can show that the firmware had held it.
 */
import { Blame, blame, blameGap, clearSegments, type LateFrame, revise, sentIn } from './blame.js';
import { causeCode } from './cause.js';
import type { Gap, Judgement, TimedFrame } from './judgement.js';
import type { StreamMonitor } from './monitor.js';
import type { SampleRing } from './samples.js';
import { culpritCode, culprits, verdictCode } from './verdict.js';

/** Longest that a miss waits for the next frame of its stream. */
const REVISION_WAIT_US = 50_000;
/** Evidence is kept for this many late frames a second, and for as many gaps; the rest are counted and attributed without it. */
const EVIDENCE_PER_SECOND = 100;

/** One miss with the fields of the feed's miss record. Reused: valid until the sink returns. */
export class Miss extends Blame {
  board = 0;
  stream = 0;
  boot = 0;
  verdict = 0;
  isGap = false;
  /** False past 100 a second: attributed, but the evidence is not shown. */
  hasEvidence = false;
  firstSeq = Number.NaN;
  lastSeq = Number.NaN;
  /** 1 for a frame; NaN while a silence lasts. */
  count = Number.NaN;
  /** Host monotonic; of a frame its release and when it was judged. */
  fromUs = Number.NaN;
  toUs = Number.NaN;
  latenessUs = Number.NaN;
  uncertaintyUs = Number.NaN;
  skippedDelta = 0;
  droppedDelta = 0;
  corruptBytes = 0;
  /** Filled in by the feed. */
  feedOffset = Number.NaN;
}

export interface MissSource {
  readonly monitor: StreamMonitor;
  readonly board: number;
  /** Number on the wire. */
  readonly stream: number;
  /** Nominal time of a byte on the wire, µs. */
  readonly byteUs: number;
  /** What the host did; null in a replay. */
  readonly samples: SampleRing | null;
}

export class MissReporter {
  /** How far an emulated board lags behind its plan now, µs, as its side channel reports it; 0 for real boards. */
  emulatorLagUs = 0;
  readonly #source: MissSource;
  readonly #sink: (miss: Miss) => void;
  readonly #miss = new Miss();
  readonly #held = new Miss();
  readonly #ending = new Blame();
  readonly #late: LateFrame = {
    lateUs: 0,
    execUs: 0,
    queueUs: 0,
    wireUs: 0,
    releaseHostUs: Number.NaN,
    uncertaintyUs: Number.NaN,
    judgedUs: Number.NaN,
    latenessUs: Number.NaN,
    emulatorLagUs: 0,
  };
  #holding = false;
  #heldWireUs = 0;
  #heldHandedUs = Number.NaN; // device time
  /** When the board sent the newest pong that came in the silence under way, device time; NaN before one has. */
  #pongSentUs = Number.NaN;
  #evidenceSecond = Number.NaN;
  /** Of frames, and of gaps: a burst of late frames leaves the silence and the loss that follow it theirs. */
  #evidenceLeft = EVIDENCE_PER_SECOND;
  #gapEvidenceLeft = EVIDENCE_PER_SECOND;

  /** @param sink gets each miss once, late ones up to 50 ms after their judgement */
  constructor(source: MissSource, sink: (miss: Miss) => void) {
    this.#source = source;
    this.#sink = sink;
  }

  /**
   * Takes the monitor's judgement of `frame` right after it, while the newest sample is the read that brought the frame.
   * Sets `judgement.culprit` for the feed (a held miss may still move to the firmware).
   */
  judged(judgement: Judgement, frame: TimedFrame): void {
    const { verdict } = judgement;
    const isSuccessor = verdict !== verdictCode.repeated && verdict !== verdictCode.reordered;
    if (this.#holding && isSuccessor) this.#reviseHeld(judgement, frame);
    if (judgement.gap.count > 0 || judgement.gap.wasSilence) this.#gap(judgement, frame);
    if (verdict === verdictCode.late || verdict === verdictCode.stale) this.#lateFrame(judgement, frame);
    else if (!isSuccessor) this.#outOfOrder(judgement);
  }

  /** The monitor has noticed a silence: announces it, with nobody to blame yet. Send a ping now. */
  silenceBegan(boot: number, nowUs: number): void {
    this.#pongSentUs = Number.NaN;
    const miss = this.#fill(this.#source.monitor.outage, boot, nowUs);
    clearSegments(miss);
    miss.culprit = culpritCode.indeterminate;
    miss.cause = causeCode.silence;
    this.#sink(miss);
  }

  /** A pong came. While the stream is silent it may prove that board and link live: the silence is the firmware's. */
  pong(sentDeviceUs: number): void {
    if (this.#source.monitor.silent) this.#pongSentUs = sentDeviceUs;
  }

  /** Lets a held miss go whose successor does not come. */
  expire(nowUs: number): void {
    if (this.#holding && nowUs - this.#held.toUs > REVISION_WAIT_US) this.flush();
  }

  /** Lets a held miss go now: the board is gone, or the session ends. */
  flush(): void {
    if (!this.#holding) return;
    this.#holding = false;
    this.#publish(this.#held);
  }

  #reviseHeld(judgement: Judgement, frame: TimedFrame): void {
    const { budgets } = this.#source.monitor.contract;
    const waitedUs = judgement.arrivalUs - this.#held.toUs;
    const { count, skippedDelta } = judgement.gap;
    // A processor that held the frame has skipped releases meanwhile; one that lost frames on the line tells nothing.
    if (waitedUs <= REVISION_WAIT_US && count === skippedDelta) {
      const { releaseUs } = judgement;
      revise(this.#held, this.#heldWireUs, this.#heldHandedUs, releaseUs, frame.lateUs, skippedDelta, budgets);
    }
    this.flush();
  }

  /** What is known of a frame that came late. Reused. */
  #figures(judgement: Judgement, frame: TimedFrame): LateFrame {
    const { byteUs } = this.#source;
    const late = this.#late;
    late.lateUs = frame.lateUs;
    late.execUs = frame.execUs;
    late.queueUs = frame.queueBytes * byteUs;
    late.wireUs = frame.wireBytes * byteUs;
    late.releaseHostUs = judgement.releaseHostUs;
    late.uncertaintyUs = judgement.uncertaintyUs;
    late.judgedUs = judgement.judgedUs;
    late.latenessUs = judgement.latenessUs;
    late.emulatorLagUs = this.emulatorLagUs;
    return late;
  }

  #lateFrame(judgement: Judgement, frame: TimedFrame): void {
    const { monitor, samples } = this.#source;
    const late = this.#figures(judgement, frame);
    const miss = this.#holding ? this.#miss : this.#held;
    blame(miss, late, monitor.contract.budgets, samples);
    this.#head(miss, judgement);
    miss.latenessUs = judgement.latenessUs;
    judgement.culprit = miss.culprit;
    if (miss.culprit !== culpritCode.link) {
      this.#publish(miss);
      return;
    }
    this.#holding = true;
    this.#heldWireUs = late.wireUs;
    this.#heldHandedUs = judgement.releaseUs + judgement.firmwareUs;
  }

  /** Only the line can repeat or reorder what the board has sent once and in order. */
  #outOfOrder(judgement: Judgement): void {
    const miss = this.#miss;
    clearSegments(miss);
    this.#head(miss, judgement);
    miss.latenessUs = judgement.latenessUs;
    miss.culprit = culpritCode.link;
    miss.cause = causeCode.none;
    judgement.culprit = miss.culprit;
    this.#publish(miss);
  }

  #gap(judgement: Judgement, frame: TimedFrame): void {
    const { gap, boot, judgedUs } = judgement;
    const miss = this.#fill(gap, boot, judgedUs);
    if (gap.wasSilence && this.#provesTheBoards(judgement)) {
      clearSegments(miss);
      miss.culprit = culpritCode.firmware;
      miss.cause = causeCode.silence;
    } else {
      blameGap(miss, gap, this.#source.byteUs, this.#source.samples);
      if (gap.count === 0 && !(judgement.latenessUs <= 0)) this.#blameHeld(miss, judgement, frame);
    }
    if (this.#isEmulators(gap)) {
      miss.culprit = culpritCode.indeterminate;
      miss.cause = causeCode['emulator lag'];
      miss.emulatorLagUs = this.emulatorLagUs;
    }
    this.#pongSentUs = Number.NaN;
    this.#publish(miss);
  }

  /**
   * Whether a pong that overtook the frame which ended the silence shows that the board held it. Of what the board has sent
   * and nobody has seen it says nothing; nor of that frame when it was sent before it: the line may have held both.
   */
  #provesTheBoards({ gap, releaseUs, firmwareUs }: Judgement): boolean {
    return gap.count === 0 ? this.#pongSentUs > releaseUs + firmwareUs : this.#pongSentUs >= 0 && sentIn(gap) <= 0;
  }

  /** A silence after which nothing is missing is of who held the frame that ended it, and nobody's when that is not known. */
  #blameHeld(miss: Miss, judgement: Judgement, frame: TimedFrame): void {
    const held = blame(
      this.#ending,
      this.#figures(judgement, frame),
      this.#source.monitor.contract.budgets,
      this.#source.samples,
    );
    if (held.culprit === culpritCode.link) return; // as it was told: the line kept the bytes back
    miss.culprit = held.culprit;
    miss.cause = held.cause;
  }

  /** Without the lag of the emulator there would have been no silence. */
  #isEmulators({ wasSilence, count, fromUs, toUs }: Gap): boolean {
    return wasSilence && count === 0 && toUs - fromUs - this.emulatorLagUs <= this.#source.monitor.contract.leaseUs;
  }

  #fill(gap: Gap, boot: number, nowUs: number): Miss {
    const miss = this.#miss;
    miss.board = this.#source.board;
    miss.stream = this.#source.stream;
    miss.boot = boot;
    miss.verdict = verdictCode.lost;
    miss.isGap = true;
    miss.hasEvidence = this.#takeEvidence(nowUs, true);
    miss.firstSeq = gap.firstSeq;
    miss.lastSeq = gap.lastSeq;
    miss.count = gap.count;
    miss.fromUs = gap.fromUs;
    miss.toUs = gap.toUs;
    miss.latenessUs = Number.NaN;
    miss.uncertaintyUs = Number.NaN;
    miss.skippedDelta = gap.skippedDelta;
    miss.droppedDelta = gap.droppedDelta;
    miss.corruptBytes = gap.corruptBytes;
    return miss;
  }

  #head(miss: Miss, judgement: Judgement): void {
    miss.board = this.#source.board;
    miss.stream = this.#source.stream;
    miss.boot = judgement.boot;
    miss.verdict = judgement.verdict;
    miss.isGap = false;
    miss.hasEvidence = this.#takeEvidence(judgement.judgedUs, false);
    miss.firstSeq = judgement.seq;
    miss.lastSeq = judgement.seq;
    miss.count = 1;
    miss.fromUs = judgement.releaseHostUs;
    miss.toUs = judgement.judgedUs;
    miss.uncertaintyUs = judgement.uncertaintyUs;
    miss.skippedDelta = 0;
    miss.droppedDelta = 0;
    miss.corruptBytes = 0;
  }

  #publish(miss: Miss): void {
    this.#source.monitor.charge(culprits[miss.culprit]!, miss.count);
    this.#sink(miss);
  }

  #takeEvidence(nowUs: number, isGap: boolean): boolean {
    const second = Math.floor(nowUs / 1e6);
    if (second !== this.#evidenceSecond) {
      this.#evidenceSecond = second;
      this.#evidenceLeft = EVIDENCE_PER_SECOND;
      this.#gapEvidenceLeft = EVIDENCE_PER_SECOND;
    }
    return (isGap ? this.#gapEvidenceLeft-- : this.#evidenceLeft--) > 0;
  }
}
