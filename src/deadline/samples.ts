/**
 * What the host did between its looks at a port: a ring of samples, one per read and one per probe. Each holds the
 * counters of the thread at that instant; the differences between two samples say how the time between them was spent.
 */

/** What a look at the port found. */
export const looks = {
  /** Bytes were read. */
  read: 0,
  /** A non-blocking read found nothing: proof that nothing was readable. */
  empty: 1,
} as const;
export type Look = (typeof looks)[keyof typeof looks];

/** A timer later than this that neither CPU time nor waiting for a CPU explains: the process was stopped. Node's own lateness is 1.1 ms at p99. */
export const STOPPED_MIN_US = 1500;

/** A power of two: the blame of a late frame goes through all of them at worst, and a division for each would be half of its time. */
const CAPACITY = 512;
const MASK = CAPACITY - 1;

export class SampleRing {
  /** Whether CPU time and run delay are measured (schedstat); without them sleep cannot be told from waiting for a CPU. */
  readonly measured: boolean;
  /** Samples added so far; the newest has index `count - 1`, and the oldest held `oldest`. */
  count = 0;
  readonly #atUs = new Float64Array(CAPACITY);
  readonly #idleUs = new Float64Array(CAPACITY);
  readonly #cpuUs = new Float64Array(CAPACITY);
  readonly #runDelayUs = new Float64Array(CAPACITY);
  readonly #dueUs = new Float64Array(CAPACITY);
  readonly #look = new Uint8Array(CAPACITY);

  constructor(measured: boolean) {
    this.measured = measured;
  }

  get oldest(): number {
    return Math.max(0, this.count - CAPACITY);
  }

  /**
   * @param atUs host monotonic
   * @param idleUs time that the event loop has slept for events so far
   * @param cpuUs time that the thread has run so far; 0 when not measured
   * @param runDelayUs time that it was runnable without a CPU so far; 0 when not measured
   * @param dueUs when the next look is due at the latest
   */
  add(look: Look, atUs: number, idleUs: number, cpuUs: number, runDelayUs: number, dueUs: number): void {
    const i = this.count++ & MASK;
    this.#look[i] = look;
    this.#atUs[i] = atUs;
    this.#idleUs[i] = idleUs;
    this.#cpuUs[i] = cpuUs;
    this.#runDelayUs[i] = runDelayUs;
    this.#dueUs[i] = dueUs;
  }

  atUs(index: number): number {
    return this.#atUs[index & MASK]!;
  }

  look(index: number): Look {
    return this.#look[index & MASK]! as Look;
  }

  /** Length of the interval that ends with sample `index`. */
  wallUs(index: number): number {
    return this.atUs(index) - this.atUs(index - 1);
  }

  /** Of that, runnable without a CPU. */
  starvedUs(index: number): number {
    return this.#runDelayUs[index & MASK]! - this.#runDelayUs[(index - 1) & MASK]!;
  }

  /** Of that, the loop slept by its own account. Time without a CPU after the wake-up is part of it. */
  idleUs(index: number): number {
    return this.#idleUs[index & MASK]! - this.#idleUs[(index - 1) & MASK]!;
  }

  /** Of that, really asleep with nothing to do: no more than the loop slept, no more than neither CPU nor run queue accounts for. */
  asleepUs(index: number): number {
    const unaccountedUs = this.wallUs(index) - this.#cpuDeltaUs(index) - this.starvedUs(index);
    return Math.min(this.idleUs(index), Math.max(0, unaccountedUs));
  }

  /** Whether the process was stopped in that interval: a look was due, did not happen, and nothing else explains it. */
  wasStopped(index: number): boolean {
    const dueUs = this.#dueUs[(index - 1) & MASK]!;
    const overdueUs = this.atUs(index) - dueUs - this.#cpuDeltaUs(index) - this.starvedUs(index);
    return overdueUs > STOPPED_MIN_US && this.asleepUs(index) > overdueUs / 2;
  }

  /** Longest time within one interval that overlaps fromUs..toUs in which the host was not looking. */
  longestStallUs(fromUs: number, toUs: number): number {
    let longestUs = 0;
    for (let k = this.count - 1; k > this.oldest && this.atUs(k) > fromUs; k--) {
      if (this.atUs(k - 1) >= toUs) continue;
      const stalledUs = this.wasStopped(k) ? this.wallUs(k) : this.wallUs(k) - this.asleepUs(k);
      if (stalledUs > longestUs) longestUs = stalledUs;
    }
    return longestUs;
  }

  #cpuDeltaUs(index: number): number {
    return this.#cpuUs[index & MASK]! - this.#cpuUs[(index - 1) & MASK]!;
  }
}
