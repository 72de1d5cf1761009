/**
 * Whether a worker is hung: for so long no ping was answered and no cursor moved. Pure: times come in.
 *
 * Only time in which this thread was looking counts. When the main thread itself was held up (a stop signal, a starved
 * machine) the answers wait in its queue, and a gap between two looks says nothing about the worker.
 */

export interface HangLimits {
  /** Between two looks; each sends a ping. */
  readonly lookMs: number;
  /** Silence of a worker that has shown life. */
  readonly hungMs: number;
  /** Silence of one that has not yet: it loads its modules. */
  readonly startMs: number;
}

export const hangLimits: HangLimits = { lookMs: 1000, hungMs: 5000, startMs: 30_000 };

export class HangWatch {
  readonly #limits: HangLimits;
  #lastLookMs: number;
  #silentMs = 0;
  #progress = Number.NaN;
  #showsLife = false;
  #isExempt = false;

  constructor(nowMs: number, limits: HangLimits = hangLimits) {
    this.#limits = limits;
    this.#lastLookMs = nowMs;
  }

  /** A ping was answered. */
  answered(): void {
    this.#showsLife = true;
    this.#isExempt = false;
    this.#silentMs = 0;
  }

  /** The worker said `ready`. One that neither reads the rings nor has ever answered a ping doesn't know pings: it can't be watched. */
  ready(): void {
    if (!this.#showsLife) this.#isExempt = true;
    this.#silentMs = 0;
  }

  /**
   * @param progress any number that changes whenever the worker handles a record.
   * @param isReader whether it has begun to read the rings, and so answers pings.
   * @returns whether it is hung.
   */
  look(nowMs: number, progress: number, isReader: boolean): boolean {
    const { lookMs, hungMs, startMs } = this.#limits;
    if (isReader && !this.#showsLife) this.answered();
    const sinceMs = Math.min(nowMs - this.#lastLookMs, 2 * lookMs);
    this.#lastLookMs = nowMs;
    if (progress !== this.#progress) {
      this.#progress = progress;
      this.#silentMs = 0;
      return false;
    }
    this.#silentMs += sinceMs;
    return !this.#isExempt && this.#silentMs >= (this.#showsLife ? hungMs : startMs);
  }
}
