/** What is missing between two frames of a stream, and what is known of where it went. */
import { advance8 } from '../codec/unwrap.js';
import type { Judgement, TimedFrame } from './judgement.js';
import type { SequenceTracker } from './sequence.js';

export class LossAccount {
  /** Sequence numbers that went forward by more than the board can have released in the time. */
  sequenceJumps = 0;
  readonly #periodUs: number;
  #releaseUs = Number.NaN;
  #skipped = 0;
  #dropped = 0;
  #corruptBytes = 0;

  constructor(periodUs: number) {
    this.#periodUs = periodUs;
  }

  restart(): void {
    this.sequenceJumps = 0;
    this.#releaseUs = Number.NaN;
    this.#corruptBytes = 0;
  }

  /** Damaged bytes since the newest good frame. */
  get corruptBytes(): number {
    return this.#corruptBytes;
  }

  corrupt(bytes: number): void {
    this.#corruptBytes += bytes;
  }

  /**
   * Fills in number, range and origin of what is missing before a frame that is newer than all others.
   * @param judgement its `releaseUs` is read (NaN when that is not known), its `gap` is filled in
   */
  account(judgement: Judgement, sequence: SequenceTracker, frame: TimedFrame): void {
    const { gap, releaseUs } = judgement;
    const first = sequence.missing < 0;
    const elapsedUs = releaseUs - this.#releaseUs;
    const released = Math.max(0, Math.round(elapsedUs / this.#periodUs) - 1);
    let lost = first ? 0 : sequence.missing;
    if (lost > released) {
      // More numbers are missing than releases fit in: the counter jumped, and what cannot have been sent is not lost.
      this.sequenceJumps++;
      lost = released;
    }
    gap.skippedDelta = first ? 0 : nearestCongruent(advance8(this.#skipped, frame.skipped), released - lost);
    gap.droppedDelta = first ? 0 : Math.min(advance8(this.#dropped, frame.dropped), lost);
    gap.count = lost + gap.skippedDelta;
    gap.sentUs = (lost - gap.droppedDelta) * this.#periodUs;
    gap.firstSeq = sequence.seq - (first ? 0 : sequence.missing);
    gap.lastSeq = sequence.seq - 1;
    gap.corruptBytes = this.#corruptBytes;
    this.#releaseUs = releaseUs;
    this.#skipped = frame.skipped;
    this.#dropped = frame.dropped;
    this.#corruptBytes = 0;
  }
}

/** An 8-bit difference has lost its multiples of 256: device time tells how many there were. */
function nearestCongruent(advance: number, expected: number): number {
  return expected > advance ? advance + 256 * Math.round((expected - advance) / 256) : advance;
}
