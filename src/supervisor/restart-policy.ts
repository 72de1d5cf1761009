/** When a worker that ended is started again. Pure: times come in. */

export interface RestartLimits {
  /** More restarts than this within the window raise the alarm. */
  readonly restartsMax: number;
  readonly windowMs: number;
  /** From then on one try per this time; a try that lives so long ends the alarm. */
  readonly retryMs: number;
}

export const restartLimits: RestartLimits = { restartsMax: 5, windowMs: 30_000, retryMs: 30_000 };

export class RestartPolicy {
  /** Whether the worker failed too often, and is only tried now and then. */
  isAlarmed = false;
  readonly #limits: RestartLimits;
  #restartsAtMs: number[] = [];
  #startedAtMs = Number.NaN;

  constructor(limits: RestartLimits = restartLimits) {
    this.#limits = limits;
  }

  started(nowMs: number): void {
    this.#startedAtMs = nowMs;
  }

  /** The worker ended by itself. @returns after how long to start it again. */
  ended(nowMs: number): number {
    const { restartsMax, windowMs, retryMs } = this.#limits;
    this.settle(nowMs);
    this.#startedAtMs = Number.NaN;
    if (this.isAlarmed) return retryMs;
    this.#restartsAtMs = this.#restartsAtMs.filter((atMs) => nowMs - atMs < windowMs);
    if (this.#restartsAtMs.length >= restartsMax) {
      this.isAlarmed = true;
      return retryMs;
    }
    this.#restartsAtMs.push(nowMs);
    return 0;
  }

  /** To be asked now and then. @returns true when the alarm has just ended, because the worker has lived long enough. */
  settle(nowMs: number): boolean {
    if (!this.isAlarmed || !(nowMs - this.#startedAtMs >= this.#limits.retryMs)) return false;
    this.isAlarmed = false;
    this.#restartsAtMs = [];
    return true;
  }
}
