/**
 * Where the offset between two clocks can be at one instant, and how steep: what is left between ceilings and floors, for a
 * nearly straight line below all of the former and above all of the latter. The steepest such line touches an old floor and a
 * newer ceiling, the flattest an old ceiling and a newer floor; carried to an instant they give the highest and the lowest
 * offset that nothing contradicts.
 *
 * Operands and results of the steps on the hot way are fields: as arguments V8 boxes each number wherever it does not inline
 * the call.
 */
import type { BoundRing } from './bounds.js';
import { RATE_TOLERANCE } from './line-load.js';

/**
 * Largest relative error of a board's clock against the host's: the most that two UARTs bear. Crystals keep 0.01 %, but an
 * Uno has a ceramic resonator (0.5 %), and what runs on an RC oscillator is trimmed to 1 or 2 %.
 */
export const DRIFT_LIMIT = RATE_TOLERANCE;
/** Largest change of that error: 0.3 ppm a second, a crystal warming by several degrees in ten seconds. */
export const BEND_PER_US = 0.3e-6 / 1e6;
const HALF_BEND_PER_US = BEND_PER_US / 2;
/** Rounding of stamps; a crossing of the bounds by less is no contradiction. */
export const ROUNDING_US = 2;
/** How far out of the corridor's middle the offset may be said to be, of half its width. */
const SHIFT_MAX = 0.25;

export class Corridor {
  /** The device time at which all of this holds. */
  atUs = 0;
  /** Host − device, µs. */
  highUs = Number.POSITIVE_INFINITY;
  lowUs = Number.NEGATIVE_INFINITY;
  slopeMin = -DRIFT_LIMIT;
  slopeMax = DRIFT_LIMIT;
  /** Where in it the offset probably is; NaN where that is its middle. */
  likelyUs = Number.NaN;
  /** Between these the slope is for certain, whatever the bounds allow. */
  #slopeFrom = -DRIFT_LIMIT;
  #slopeTo = DRIFT_LIMIT;

  /** Operand of `spread`, `isLowered` and `advance`: from `atUs` on; of `spread` also backwards. */
  aheadUs = Number.NaN;
  /** Operand of `isLowered`. */
  ceilingUs = Number.NaN;
  /** Results of `spread`: the offset there, and half the width of the interval around it that holds the truth. */
  offsetUs = Number.NaN;
  halfUs = Number.NaN;
  // The ceiling that `#narrowSlopes` looks at.
  #ceilingAtUs = Number.NaN;
  #relaxedUs = Number.NaN;

  get isKnown(): boolean {
    return this.highUs < Number.POSITIVE_INFINITY && this.lowUs > Number.NEGATIVE_INFINITY;
  }

  get slope(): number {
    return (this.slopeMin + this.slopeMax) / 2;
  }

  forget(): void {
    this.atUs = 0;
    this.highUs = Number.POSITIVE_INFINITY;
    this.lowUs = Number.NEGATIVE_INFINITY;
    this.likelyUs = Number.NaN;
    this.slopeMin = -DRIFT_LIMIT;
    this.slopeMax = DRIFT_LIMIT;
    this.allowAllSlopes();
  }

  /** While nothing is known yet: no slope but these is possible, which are within the drift's limit. */
  limitSlopes(from: number, to: number): void {
    this.#slopeFrom = from;
    this.#slopeTo = to;
    this.slopeMin = from;
    this.slopeMax = to;
  }

  /** From the next `solve` on. */
  allowAllSlopes(): void {
    this.#slopeFrom = -DRIFT_LIMIT;
    this.#slopeTo = DRIFT_LIMIT;
  }

  get areSlopesLimited(): boolean {
    return this.#slopeFrom > -DRIFT_LIMIT || this.#slopeTo < DRIFT_LIMIT;
  }

  /** What is known at `aheadUs`: wider by what is not known of the slope, but never faster than the drift's limit. */
  spread(): void {
    const aheadUs = this.aheadUs;
    const bendUs = HALF_BEND_PER_US * aheadUs * aheadUs;
    const limitUs = DRIFT_LIMIT * Math.abs(aheadUs);
    const steepest = aheadUs > 0 ? this.slopeMax : this.slopeMin;
    const flattest = aheadUs > 0 ? this.slopeMin : this.slopeMax;
    const highUs = this.highUs + Math.min(steepest * aheadUs + bendUs, limitUs);
    const lowUs = this.lowUs + Math.max(flattest * aheadUs - bendUs, -limitUs);
    const known = highUs - lowUs < Number.POSITIVE_INFINITY;
    this.offsetUs = known ? (highUs + lowUs) / 2 : Number.NaN;
    this.halfUs = known ? (highUs - lowUs) / 2 : Number.POSITIVE_INFINITY;
    const likelyUs = this.likelyUs + ((steepest + flattest) / 2) * aheadUs;
    const mostUs = SHIFT_MAX * this.halfUs;
    const shiftUs = Math.max(-mostUs, Math.min(mostUs, likelyUs - this.offsetUs));
    if (!Number.isNaN(shiftUs)) {
      this.offsetUs += shiftUs;
      this.halfUs += Math.abs(shiftUs);
    }
  }

  /** Whether a ceiling of `ceilingUs`, `aheadUs` from here, lies below the highest line. */
  isLowered(): boolean {
    const aheadUs = this.aheadUs;
    const bendUs = HALF_BEND_PER_US * aheadUs * aheadUs;
    return aheadUs > 0 && this.ceilingUs < this.highUs + this.slopeMax * aheadUs + bendUs;
  }

  /** Carries the corridor forward by `aheadUs`; what is known of the slope fades with the time. */
  advance(): void {
    const aheadUs = this.aheadUs;
    const bendUs = HALF_BEND_PER_US * aheadUs * aheadUs;
    const limitUs = DRIFT_LIMIT * aheadUs;
    this.highUs += Math.min(this.slopeMax * aheadUs + bendUs, limitUs);
    this.lowUs += Math.max(this.slopeMin * aheadUs - bendUs, -limitUs);
    this.likelyUs += ((this.slopeMin + this.slopeMax) / 2) * aheadUs;
    this.slopeMax = Math.min(DRIFT_LIMIT, this.slopeMax + BEND_PER_US * aheadUs);
    this.slopeMin = Math.max(-DRIFT_LIMIT, this.slopeMin - BEND_PER_US * aheadUs);
    this.atUs += aheadUs;
  }

  /**
   * Finds the corridor again from all bounds, of which there is at least one on each side. Too dear for each frame.
   * @returns false when no line satisfies all of them
   */
  solve(ceilings: BoundRing, floors: BoundRing): boolean {
    const nowUs = Math.max(floors.atUs[floors.newest]!, ceilings.atUs[ceilings.newest]!, this.atUs);
    ceilings.relax(nowUs, BEND_PER_US, 1);
    floors.relax(nowUs, BEND_PER_US, -1);
    this.slopeMin = this.#slopeFrom;
    this.slopeMax = this.#slopeTo;
    for (let i = 0; i < ceilings.size; i++) {
      this.#ceilingAtUs = ceilings.atUs[i]!;
      this.#relaxedUs = ceilings.relaxedUs[i]! + ROUNDING_US;
      if (!this.#narrowSlopes(floors)) return false;
    }
    if (this.slopeMin > this.slopeMax) return false;
    this.#carryTo(nowUs, ceilings, floors);
    return true;
  }

  /** No line is steeper than from an older floor to the ceiling at hand, or flatter than from it to a newer floor. */
  #narrowSlopes({ atUs: floorAtUs, relaxedUs: floorUs, size }: BoundRing): boolean {
    const atUs = this.#ceilingAtUs;
    const ceilingUs = this.#relaxedUs;
    let steepest = this.slopeMax;
    let flattest = this.slopeMin;
    let possible = true;
    for (let j = 0; j < size; j++) {
      const apartUs = atUs - floorAtUs[j]!;
      const roomUs = ceilingUs - floorUs[j]!;
      if (apartUs > 0) steepest = Math.min(steepest, roomUs / apartUs);
      else if (apartUs < 0) flattest = Math.max(flattest, roomUs / apartUs);
      else if (roomUs < 0) possible = false;
    }
    this.slopeMax = steepest;
    this.slopeMin = flattest;
    return possible;
  }

  /** The highest offset now lies on the steepest line below all ceilings, the lowest on the flattest above all floors. */
  #carryTo(nowUs: number, ceilings: BoundRing, floors: BoundRing): void {
    let highUs = Number.POSITIVE_INFINITY;
    for (let i = 0; i < ceilings.size; i++) {
      highUs = Math.min(highUs, ceilings.relaxedUs[i]! + this.slopeMax * (nowUs - ceilings.atUs[i]!));
    }
    let lowUs = Number.NEGATIVE_INFINITY;
    for (let j = 0; j < floors.size; j++) {
      lowUs = Math.max(lowUs, floors.relaxedUs[j]! + this.slopeMin * (nowUs - floors.atUs[j]!));
    }
    this.atUs = nowUs;
    this.highUs = Math.max(highUs, lowUs);
    this.lowUs = Math.min(highUs, lowUs);
  }
}
