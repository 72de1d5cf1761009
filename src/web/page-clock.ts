/** How fast a wrong offset may be forgotten: a bridge whose clock was set back is caught up with. */
const FORGET_PER_MS = 1e-3;
const STEP_MS = 2000;

/** UTC as the bridge has it, kept going by the clock of the page between two messages: the right edge of the plots. */
export class PageClock {
  /** UTC of the bridge − clock of the page, ms: nearly the largest seen, for the network only takes away. */
  #offsetMs = Number.NaN;
  #saidMs = 0;

  constructor(private readonly pageMs: () => number = () => performance.now()) {}

  /** A message that was sent then has just come. */
  bridgeSaid(sentUtcUs: number): void {
    const nowMs = this.pageMs();
    const offsetMs = sentUtcUs / 1e3 - nowMs;
    const decayedMs = this.#offsetMs - (nowMs - this.#saidMs) * FORGET_PER_MS;
    const isStep = !(Math.abs(offsetMs - this.#offsetMs) < STEP_MS);
    this.#offsetMs = isStep ? offsetMs : Math.max(offsetMs, decayedMs);
    this.#saidMs = nowMs;
  }

  /** Seconds since 1970; NaN before the bridge has said anything. */
  readonly nowSeconds = (): number => (this.pageMs() + this.#offsetMs) / 1e3;
}
