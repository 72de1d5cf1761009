import { distance32 } from '../codec/unwrap.js';

/** Where a frame stands in its stream: next, after a gap, repeated, or older than one that came before. */

/** How many sequence numbers back a repetition is told from a late-comer; a power of two, so that it fits the wrap. */
export const SEEN_SPAN = 1024;

export type Order = 'first' | 'next' | 'gap' | 'repeated' | 'reordered';

export class SequenceTracker {
  /** Newest sequence number, unwrapped to 53 bits; NaN before the first frame. */
  newest = Number.NaN;
  /** Unwrapped number of the frame given to `place` last. */
  seq = Number.NaN;
  /** How many numbers were skipped just before it; -1 when it is the first, or no newer than another. */
  missing = -1;
  /** One bit for each of the newest SEEN_SPAN numbers: whether that frame came. */
  readonly #seen = new Int32Array(SEEN_SPAN / 32);

  restart(): void {
    this.newest = Number.NaN;
    this.seq = Number.NaN;
    this.#seen.fill(0);
  }

  /**
   * Says where a frame stands. Numbers are compared by their wrapped difference.
   * @param wireSeq its 32 bits, signed or not
   */
  place(wireSeq: number): Order {
    this.missing = -1;
    if (Number.isNaN(this.newest)) {
      this.newest = wireSeq >>> 0;
      this.seq = this.newest;
      this.#mark(wireSeq);
      return 'first';
    }
    const step = distance32(this.newest | 0, wireSeq);
    this.seq = this.newest + step;
    if (step > 0) {
      this.#forgetBetween(step);
      this.newest = this.seq;
      this.#mark(wireSeq);
      this.missing = step - 1;
      return step === 1 ? 'next' : 'gap';
    }
    if (this.seq < 0 || step <= -SEEN_SPAN) return 'reordered';
    if (this.#has(wireSeq)) return 'repeated';
    this.#mark(wireSeq);
    return 'reordered';
  }

  /** Clears the bits of the numbers that a gap has skipped: their places in the ring still hold older ones. */
  #forgetBetween(step: number): void {
    if (step >= SEEN_SPAN) {
      this.#seen.fill(0);
      return;
    }
    for (let seq = this.newest + 1; seq < this.newest + step; seq++) {
      const bit = seq % SEEN_SPAN;
      this.#seen[bit >> 5]! &= ~(1 << (bit & 31));
    }
  }

  /** By the number on the wire, an integer: the full one would be boxed. */
  #mark(wireSeq: number): void {
    const bit = wireSeq & (SEEN_SPAN - 1);
    this.#seen[bit >> 5]! |= 1 << (bit & 31);
  }

  #has(wireSeq: number): boolean {
    const bit = wireSeq & (SEEN_SPAN - 1);
    return (this.#seen[bit >> 5]! & (1 << (bit & 31))) !== 0;
  }
}
