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
  /** What the axis was made for, and its ends. */
  #least = Number.NaN;
  #most = Number.NaN;
  #ends: [number, number];
  #roomySinceMs = Number.NaN;

  /** @param resolution smallest step of the signal, in its unit; 0 when not known */
  constructor(private readonly resolution: number) {
    this.#ends = [0, Math.max(STEPS_MIN * resolution, 1)];
  }

  /** @param low,high of what is drawn; null when nothing is. @returns both ends of the axis */
  update(low: number | null | undefined, high: number | null | undefined, nowMs: number): [number, number] {
    if (typeof low !== 'number' || typeof high !== 'number' || !Number.isFinite(low) || !Number.isFinite(high))
      return this.#ends;
    if (Number.isNaN(this.#least)) this.#fit(low, high);
    const [bottom, top] = this.#ends;
    if (low < bottom || high > top) this.#fit(Math.min(low, this.#least), Math.max(high, this.#most));
    const isRoomy = Math.max(high - low, this.#leastSpan(low, high)) < SHRINK_BELOW * (this.#ends[1] - this.#ends[0]);
    if (!isRoomy) this.#roomySinceMs = Number.NaN;
    else if (Number.isNaN(this.#roomySinceMs)) this.#roomySinceMs = nowMs;
    else if (nowMs - this.#roomySinceMs >= SHRINK_AFTER_MS) this.#fit(low, high);
    return this.#ends;
  }

  #leastSpan(low: number, high: number): number {
    return Math.max(STEPS_MIN * this.resolution, 1e-3 * Math.max(Math.abs(low), Math.abs(high)), 1e-9);
  }

  #fit(low: number, high: number): void {
    this.#roomySinceMs = Number.NaN;
    this.#least = low;
    this.#most = high;
    const span = Math.max((high - low) * (1 + 2 * PADDING), this.#leastSpan(low, high));
    const middle = (low + high) / 2;
    const step = roundStep(span / 8);
    const bottom = Math.floor((middle - span / 2) / step) * step;
    const top = Math.ceil((middle + span / 2) / step) * step;
    // What is never negative has its axis begin at zero rather than below.
    this.#ends = [low >= 0 && bottom < 0 ? 0 : bottom, high <= 0 && top > 0 ? 0 : top];
  }
}

/** The next of 1, 2, 5, 10, … that is not smaller. */
function roundStep(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return ([1, 2, 5].find((digit) => digit * power >= value * (1 - 1e-9)) ?? 10) * power;
}
