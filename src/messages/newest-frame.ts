import { verdictCode } from '../deadline/verdict.js';
import type { FrameRecord } from '../feed/frame.js';

/** Verdicts whose values say what the board measured: a state may be made of them. A stale one's are shown, never as live. */
const usable = new Set([
  verdictCode.met,
  verdictCode.late,
  verdictCode.indeterminate,
  verdictCode.stale,
  verdictCode.unverified,
]);

/**
 * When a frame came to be, on the host's monotonic clock: its release, or its arrival for a plain line, which says
 * nothing of its release. NaN while the clock of the board is not known.
 */
export function originUs(frame: Pick<FrameRecord, 'verified' | 'releaseHostUs' | 'arrivalUs'>): number {
  return frame.verified ? frame.releaseHostUs : frame.arrivalUs;
}

/** A session counts on when the board's 32 bits wrap; the next session of the same boot begins within them again. */
const isAtOrBefore = (seq: number, newest: number): boolean => seq <= newest && newest - seq < 2 ** 31;

/** The newest frame of a stream, copied out of the ring. Times are host monotonic. */
export class NewestFrame<Signal extends { readonly name: string } = { readonly name: string }> {
  /** Grows with every frame taken; 0 = none yet. */
  version = 0;
  boot = 0;
  seq = Number.NaN;
  /** Device time; NaN for a plain line. */
  releaseUs = Number.NaN;
  /** See `originUs`. */
  originUs = Number.NaN;
  uncertaintyUs = Number.POSITIVE_INFINITY;
  lifespanUs = 0;
  judgedUs = Number.NaN;
  verdict = 0;
  readonly values: Float64Array;

  constructor(
    readonly name: string,
    readonly signals: readonly Signal[],
  ) {
    this.values = new Float64Array(signals.length);
  }

  /** @returns whether it is newer than what was there */
  take(frame: FrameRecord): boolean {
    if (!usable.has(frame.verdict)) return false;
    if (this.version > 0 && frame.boot === this.boot && isAtOrBefore(frame.seq, this.seq)) return false;
    this.version++;
    this.boot = frame.boot;
    this.seq = frame.seq;
    this.releaseUs = frame.verified ? frame.releaseUs : Number.NaN;
    this.originUs = originUs(frame);
    this.uncertaintyUs = frame.verified ? frame.uncertaintyUs : Number.POSITIVE_INFINITY;
    this.lifespanUs = frame.lifespanUs;
    this.judgedUs = frame.judgedUs;
    this.verdict = frame.verdict;
    for (let i = 0; i < this.values.length; i++) this.values[i] = i < frame.count ? frame.values[i]! : Number.NaN;
    return true;
  }

  /**
   * Until when the values may be shown as live: the doubt about their age counts against them. -Infinity when they were
   * never live, or when their age is not known: stale never looks live.
   */
  get liveUntilUs(): number {
    if (this.version === 0 || this.verdict === verdictCode.stale || Number.isNaN(this.originUs))
      return Number.NEGATIVE_INFINITY;
    const doubtUs = Number.isFinite(this.uncertaintyUs) ? this.uncertaintyUs : 0;
    return this.originUs + this.lifespanUs - doubtUs;
  }

  isLive(nowUs: number): boolean {
    return nowUs < this.liveUntilUs;
  }
}
