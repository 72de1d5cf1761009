/** How fast the quickest is forgotten, µs per µs: faster than two clocks drift apart, and no more. What holds messages up for longer and longer is then seen, not got used to. */
const FORGET = 2e-4;
/** UTC - monotonic of the bridge moves by more than this when its machine slept, or when its wall clock was set. */
const STEP_US = 1e6;

/**
 * The bridge's clocks, as seen from here: its monotonic time as ours, by the quickest message. What even that one took is
 * not known: values are older by it than they seem, as with any client.
 */
export class RemoteClock {
  #leastUs = Number.POSITIVE_INFINITY;
  #takenUs = 0;
  /** UTC - monotonic, on the bridge. */
  #utcOffsetUs = Number.NaN;
  /** How much longer than the quickest the newest message took, µs. */
  excessUs = 0;

  /**
   * @param sentUs monotonic clock of the bridge
   * @param sentUtcUs its UTC at the same instant
   * @param receivedUs monotonic clock here
   */
  take(sentUs: number, sentUtcUs: number, receivedUs: number): void {
    const aged = this.#leastUs + (receivedUs - this.#takenUs) * FORGET;
    const stepUs = sentUtcUs - sentUs - this.#utcOffsetUs;
    const wayUs = receivedUs - sentUs;
    // Its monotonic clock stood while it slept, and its UTC did not. A wall clock that was set moves nothing else.
    const hasSlept = stepUs > STEP_US && wayUs - aged > stepUs / 2;
    this.#leastUs = hasSlept ? wayUs : Math.min(aged, wayUs);
    this.#takenUs = receivedUs;
    this.#utcOffsetUs = sentUtcUs - sentUs;
    this.excessUs = wayUs - this.#leastUs;
  }

  /** Monotonic here - monotonic there. */
  get offsetUs(): number {
    return this.#leastUs;
  }

  /** UTC of the bridge - monotonic here. */
  get utcOffsetUs(): number {
    return this.#utcOffsetUs - this.#leastUs;
  }
}
