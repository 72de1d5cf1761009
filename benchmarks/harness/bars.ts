/** Figures that are to be reached, and whether a run shows that they are. */
import type { Interval } from './statistics.js';

export interface Bar {
  /** As in the results: `ws1.p50_over_floor`. */
  readonly name: string;
  readonly interval: Interval;
  readonly limit: number;
  readonly atMost: boolean;
  /** `yes`: the whole interval is inside; `no`: all of it is outside; `unsure`: the limit lies within the interval. */
  readonly reached: 'yes' | 'no' | 'unsure';
}

export const atMost = (name: string, interval: Interval, limit: number): Bar => bar(name, interval, limit, true);
export const atLeast = (name: string, interval: Interval, limit: number): Bar => bar(name, interval, limit, false);
/** A count or a single figure. */
export const exactly = (value: number): Interval => ({ value, low: value, high: value });

function bar(name: string, interval: Interval, limit: number, isMost: boolean): Bar {
  const { low, high } = interval;
  const inside = isMost ? high <= limit : low >= limit;
  const outside = isMost ? low > limit : high < limit;
  // A figure that could not be measured (NaN) is neither inside nor outside.
  return { name, interval, limit, atMost: isMost, reached: inside ? 'yes' : outside ? 'no' : 'unsure' };
}

/** `{p50_over_floor: 1.2, …}` of the bars whose names begin with `row.` */
export function valuesOf(bars: readonly Bar[]): Record<string, number> {
  return Object.fromEntries(bars.map(({ name, interval }) => [name.slice(name.indexOf('.') + 1), interval.value]));
}
