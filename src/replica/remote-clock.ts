/** The quickest message is looked for among those of the last one to two times this. */
const WINDOW_US = 15e6;

/**
 * The bridge's clocks, as seen from here: its monotonic time as ours, by the quickest of the newest messages. What even
 * that one took is not known: values are older by it than they seem, as with any client. A machine that slept is
 * followed after two windows; until then values seem older than they are, not younger.
 */
export class RemoteClock {
  #windowBeganUs = Number.NaN;
  #leastUs = Number.POSITIVE_INFINITY;
  #leastBeforeUs = Number.POSITIVE_INFINITY;
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
    if (!(receivedUs - this.#windowBeganUs < WINDOW_US)) {
      this.#windowBeganUs = receivedUs;
      this.#leastBeforeUs = this.#leastUs;
      this.#leastUs = Number.POSITIVE_INFINITY;
    }
    this.#leastUs = Math.min(this.#leastUs, receivedUs - sentUs);
    this.#utcOffsetUs = sentUtcUs - sentUs;
    this.excessUs = receivedUs - sentUs - this.offsetUs;
  }

  /** Monotonic here - monotonic there. */
  get offsetUs(): number {
    return Math.min(this.#leastUs, this.#leastBeforeUs);
  }

  /** UTC of the bridge - monotonic here. */
  get utcOffsetUs(): number {
    return this.#utcOffsetUs - this.offsetUs;
  }
}
