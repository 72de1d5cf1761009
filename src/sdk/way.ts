/** How fast the quickest way is forgotten, ms per ms: faster than two clocks drift apart. */
const FORGET = 1e-3;
/** Control goes before data: messages may come out of order by less than this. */
const DISORDER_MS = 50;

/**
 * How much longer than the quickest a message was on its way: a network that stood hands out at once what is old. The
 * clocks of the two ends need not agree, for their difference is in every message alike.
 */
export class Way {
  /** Clock here - UTC of the bridge, ms, of the quickest message: its way is in it, and taken for none. */
  #leastMs = Number.POSITIVE_INFINITY;
  #sentMs = Number.NEGATIVE_INFINITY;
  #receivedMs = 0;

  /**
   * @param sentMs UTC of the bridge when it was sent
   * @param receivedMs monotonic clock here
   * @returns ms, 0 or more
   */
  excessMs(sentMs: number, receivedMs: number): number {
    // No network does that: the bridge's clock was set back. Set forward, or after a sleep here, the new least is lower.
    const isStep = sentMs < this.#sentMs - DISORDER_MS;
    const leastMs = isStep ? Number.POSITIVE_INFINITY : this.#leastMs + (receivedMs - this.#receivedMs) * FORGET;
    const offsetMs = receivedMs - sentMs;
    this.#leastMs = Math.min(leastMs, offsetMs);
    this.#sentMs = sentMs;
    this.#receivedMs = receivedMs;
    return offsetMs - this.#leastMs;
  }
}
