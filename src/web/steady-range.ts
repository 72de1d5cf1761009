/** How much of the axis the values must leave unused, and for how long, before it closes in on them. */
const SHRINK_BELOW = 0.45;
const SHRINK_AFTER_MS = 4000;
/** Steps of the signal's resolution that an axis shows at least: a flat signal is a line, not noise at full height. */
const STEPS_MIN = 24;
const PADDING = 0.06;

/**
 * The y axis of one plot. It opens at once, so that nothing is cut off, and closes late, so that a signal that swings
 * does not make its own axis swing. Its ends are round numbers and stay where they are while the values are within.
 */
export class SteadyRange {
  #low = Number.NaN;
  #high = Number.NaN;
  #roomySinceMs = Number.NaN;

  /** @param resolution smallest step of the signal, in its unit; 0 when not known */
  constructor(private readonly resolution: number) {}

  /** @param low,high of what is drawn; null when nothing is. @returns both ends of the axis */
  update(low: number | null | undefined, high: number | null | undefined, nowMs: number): [number, number] {
    if (typeof low !== 'number' || typeof high !== 'number' || !Number.isFinite(low) || !Number.isFinite(high)) {
      return Number.isNaN(this.#low) ? [0, Math.max(STEPS_MIN * this.resolution, 1)] : [this.#low, this.#high];
    }
    if (Number.isNaN(this.#low)) this.#fit(low, high);
    else if (low < this.#low || high > this.#high) this.#fit(Math.min(low, this.#low), Math.max(high, this.#high));
    const isRoomy = Math.max(high - low, this.#leastSpan(low, high)) < SHRINK_BELOW * (this.#high - this.#low);
    if (!isRoomy) this.#roomySinceMs = Number.NaN;
    else if (Number.isNaN(this.#roomySinceMs)) this.#roomySinceMs = nowMs;
    else if (nowMs - this.#roomySinceMs >= SHRINK_AFTER_MS) this.#fit(low, high);
    return [this.#low, this.#high];
  }

  #leastSpan(low: number, high: number): number {
    return Math.max(STEPS_MIN * this.resolution, 1e-3 * Math.max(Math.abs(low), Math.abs(high)), 1e-9);
  }

  #fit(low: number, high: number): void {
    this.#roomySinceMs = Number.NaN;
    const span = Math.max((high - low) * (1 + 2 * PADDING), this.#leastSpan(low, high));
    const middle = (low + high) / 2;
    const step = roundStep(span / 6);
    this.#low = Math.floor((middle - span / 2) / step) * step;
    this.#high = Math.ceil((middle + span / 2) / step) * step;
  }
}

/** The next of 1, 2, 5, 10, … that is not smaller. */
function roundStep(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return ([1, 2, 5].find((digit) => digit * power >= value * (1 - 1e-9)) ?? 10) * power;
}
