/** When the newest batches of one client were written, for its `ack`. A ring: each frame to each client passes here. */
const BATCHES_MAX = 64;

/** Host monotonic, µs. */
export interface SentBatch {
  readonly atUs: number;
  /** From the judgement of its oldest frame. */
  readonly outletUs: number;
}

export class SentBatches {
  readonly #offset = new Float64Array(BATCHES_MAX);
  readonly #atUs = new Float64Array(BATCHES_MAX);
  readonly #outletUs = new Float64Array(BATCHES_MAX);
  #added = 0;
  /** Number of the oldest that is still held. */
  #oldest = 0;

  add(offset: number, atUs: number, outletUs: number): void {
    const i = this.#added++ % BATCHES_MAX;
    this.#offset[i] = offset;
    this.#atUs[i] = atUs;
    this.#outletUs[i] = outletUs;
    this.#oldest = Math.max(this.#oldest, this.#added - BATCHES_MAX);
  }

  /** Takes the batch that ended at `offset`, and forgets those before it. @returns null when it is not held (any more) */
  take(offset: number): SentBatch | null {
    for (let k = this.#oldest; k < this.#added; k++) {
      const i = k % BATCHES_MAX;
      if (this.#offset[i] !== offset) continue;
      this.#oldest = k + 1;
      return { atUs: this.#atUs[i]!, outletUs: this.#outletUs[i]! };
    }
    return null;
  }
}
