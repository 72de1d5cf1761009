/** Whether one thing is slower than another, by figures of their windows. Pure: the self-test runs the same code. */
import { type Interval, median, mulberry32, quantile, ratioOfMedians } from './statistics.js';

/** What differs by less is not called a difference: two runs of the same code were up to so far apart. */
export const MARGIN = 0.15;

export type Difference = 'slower' | 'faster' | 'no difference shown';

export interface Comparison {
  /** after / before */
  readonly ratio: Interval;
  readonly difference: Difference;
}

/** Windows of the same index ran side by side. */
export function compareSideBySide(before: readonly number[], after: readonly number[], seed: number): Comparison {
  return judged(ratioOfMedians(after, before, seed));
}

export interface BesideFloor {
  readonly figures: readonly number[];
  /** Of the same windows. */
  readonly floor: readonly number[];
}

/** Of two runs at two times: each is taken as a multiple of the floor of its own run. */
export function compareByFloor(before: BesideFloor, after: BesideFloor, seed: number, resamples = 2000): Comparison {
  const random = mulberry32(seed);
  const over = ({ figures, floor }: BesideFloor, draw: boolean): number => {
    const at = figures.map((_, i) => (draw ? Math.floor(random() * figures.length) : i));
    return median(at.map((i) => figures[i]!)) / median(at.map((i) => floor[i]!));
  };
  const ratios = Float64Array.from({ length: resamples }, () => over(after, true) / over(before, true)).sort();
  return judged({
    value: over(after, false) / over(before, false),
    low: quantile(ratios, 0.025),
    high: quantile(ratios, 0.975),
  });
}

function judged(ratio: Interval): Comparison {
  const difference = ratio.low > 1 + MARGIN ? 'slower' : ratio.high < 1 - MARGIN ? 'faster' : 'no difference shown';
  return { ratio, difference };
}
