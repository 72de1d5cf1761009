/**
 * One side of what is known about the offset between two clocks: a ring of points (device time, bound on host − device).
 * The clock model keeps two of them, ceilings (from frames) and floors (from pings).
 */
export class BoundRing {
  /** Device time of each bound, µs. */
  readonly atUs: Float64Array;
  /** The bound itself: host − device at that time, µs. */
  readonly offsetUs: Float64Array;
  /** The same after `relax`, when the bound is carried to another instant by a straight line. */
  readonly relaxedUs: Float64Array;
  /** Index of the newest bound; -1 when there is none. */
  newest = -1;
  readonly #capacity: number;
  #added = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
    this.atUs = new Float64Array(capacity);
    this.offsetUs = new Float64Array(capacity);
    this.relaxedUs = new Float64Array(capacity);
  }

  /** How many bounds are held; the oldest makes room for the newest. */
  get size(): number {
    return Math.min(this.#added, this.#capacity);
  }

  add(atUs: number, offsetUs: number): void {
    const i = this.#added++ % this.#capacity;
    this.newest = i;
    this.atUs[i] = atUs;
    this.offsetUs[i] = offsetUs;
  }

  clear(): void {
    this.#added = 0;
    this.newest = -1;
  }

  /** Index of the bound that was added `count` before the newest; `count` is below `size`. */
  back(count: number): number {
    return (this.#added - 1 - count) % this.#capacity;
  }

  /** Forgets what is older than `fromUs`. */
  forgetBefore(fromUs: number): void {
    const order = Array.from({ length: this.size }, (_, k) => this.back(k)).reverse();
    const kept = order.filter((i) => this.atUs[i]! >= fromUs).map((i) => [this.atUs[i]!, this.offsetUs[i]!] as const);
    this.clear();
    for (const [atUs, offsetUs] of kept) this.add(atUs, offsetUs);
  }

  /**
   * Loosens every bound by what the drift may have bent the offset away from a straight line through `nowUs`:
   * `sign` × `bend` × distance² / 2, with `sign` +1 for ceilings and −1 for floors.
   */
  relax(nowUs: number, bendPerUs: number, sign: number): void {
    const half = (sign * bendPerUs) / 2;
    for (let i = 0; i < this.size; i++) {
      const distanceUs = nowUs - this.atUs[i]!;
      this.relaxedUs[i] = this.offsetUs[i]! + half * distanceUs * distanceUs;
    }
  }
}
