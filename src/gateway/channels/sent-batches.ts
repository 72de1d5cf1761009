/** When batches were written to one client, for its `ack`. A ring: each frame to each client passes here. */
const ENTRIES_MAX = 128;
/** Batches written within so much of the entry before theirs share one: at any rate the entries reach back for a second. */
const ENTRY_US = 16_000;

/** Host monotonic, µs. */
export interface SentBatch {
  /** Not before it was written, and `ENTRY_US` later at most; later still for a batch that is not held any more. */
  readonly atUs: number;
  /** From the judgement of its oldest frame. */
  readonly outletUs: number;
  /** Bit n: frames of stream n have come since the batch that was taken before. */
  readonly streams: number;
}

export class SentBatches {
  readonly #offset = new Float64Array(ENTRIES_MAX);
  readonly #atUs = new Float64Array(ENTRIES_MAX).fill(Number.NEGATIVE_INFINITY);
  readonly #outletUs = new Float64Array(ENTRIES_MAX);
  readonly #streams = new Uint32Array(ENTRIES_MAX);
  #added = 0;
  /** Number of the oldest that is still held. */
  #oldest = 0;
  /** Up to there nothing is taken any more. */
  #takenOffset: number;

  /** @param offset what ends there or before was not written here */
  constructor(offset: number) {
    this.#takenOffset = offset;
  }

  /** Always held with its own time while it is the newest, in an entry of its own or in the place of the one before. */
  add(offset: number, atUs: number, outletUs: number, streams: number): void {
    let i = (this.#added + ENTRIES_MAX - 1) % ENTRIES_MAX;
    const before = (this.#added + ENTRIES_MAX - 2) % ENTRIES_MAX;
    if (this.#added > this.#oldest && atUs - this.#atUs[before]! < ENTRY_US) this.#streams[i]! |= streams;
    else {
      i = this.#added++ % ENTRIES_MAX;
      this.#streams[i] = streams;
      if (this.#added - this.#oldest > ENTRIES_MAX) this.#oldest++;
    }
    this.#offset[i] = offset;
    this.#atUs[i] = atUs;
    this.#outletUs[i] = outletUs;
  }

  /** What ends at `offset` or before is not judged. */
  forget(offset: number): void {
    this.#takenOffset = offset;
  }

  /** Takes the batch that ended at `offset`, and forgets those before it. @returns null when it was taken, or never sent */
  take(offset: number): SentBatch | null {
    if (offset <= this.#takenOffset) return null;
    let streams = 0;
    for (let k = this.#oldest; k < this.#added; k++) {
      const i = k % ENTRIES_MAX;
      streams |= this.#streams[i]!;
      if (this.#offset[i]! < offset) continue;
      this.#takenOffset = offset;
      this.#oldest = this.#offset[i] === offset ? k + 1 : k;
      return { atUs: this.#atUs[i]!, outletUs: this.#outletUs[i]!, streams: streams >>> 0 };
    }
    return null;
  }
}
