/**
 * The (m,k)-firm window: of any k consecutive frames at least m must meet. A ring of k bits and a count, so each frame
 * costs the same whatever k is.
 */
export class FirmWindow {
  /** How many of the last `size` frames met. */
  met = 0;
  /** How many frames the window holds so far, at most k. */
  size = 0;
  readonly #m: number;
  readonly #k: number;
  readonly #bits: Int32Array;
  #next = 0;
  /** `met` and `size` when it was violated last. */
  violationMet = 0;
  violationSize = 0;
  #wasViolated = false;

  constructor(m: number, k: number) {
    this.#m = m;
    this.#k = k;
    this.#bits = new Int32Array(Math.ceil(k / 32));
  }

  /** Whether the last k frames hold more than k − m misses. Frames before the first count as met. */
  get violated(): boolean {
    return this.size - this.met > this.#k - this.#m;
  }

  /** Whether it was violated after any `push` since the last call: a gap and the frame behind it are two. */
  takeViolation(): boolean {
    const was = this.#wasViolated;
    this.#wasViolated = false;
    return was;
  }

  push(met: boolean): void {
    const word = this.#next >> 5;
    const mask = 1 << (this.#next & 31);
    if (this.size === this.#k) this.met -= (this.#bits[word]! & mask) === 0 ? 0 : 1;
    else this.size++;
    if (met) {
      this.#bits[word]! |= mask;
      this.met++;
    } else {
      this.#bits[word]! &= ~mask;
      if (this.violated) this.#noteViolation();
    }
    this.#next = this.#next + 1 === this.#k ? 0 : this.#next + 1;
  }

  /** As many misses as that; beyond k they change nothing more. */
  pushMisses(count: number): void {
    if (count < this.#k) {
      for (let i = 0; i < count; i++) this.push(false);
      return;
    }
    this.#bits.fill(0);
    this.met = 0;
    this.size = this.#k;
    this.#noteViolation();
  }

  restart(): void {
    this.met = 0;
    this.size = 0;
    this.#next = 0;
    this.#wasViolated = false;
  }
  #noteViolation(): void {
    this.#wasViolated = true;
    this.violationMet = this.met;
    this.violationSize = this.size;
  }
}
