/** Order statistics of latencies. No means: a mean of latencies describes nobody's. */

/**
 * @param sorted ascending
 * @param sent so many there should be: the ones that are missing are Infinity
 * @returns the value that a fraction of them does not exceed; NaN for none
 */
export function quantile(sorted: Float64Array, fraction: number, sent = 0): number {
  if (sorted.length === 0) return Number.NaN;
  const rank = Math.ceil(fraction * Math.max(sorted.length, sent));
  return rank > sorted.length ? Number.POSITIVE_INFINITY : sorted[Math.max(1, rank) - 1]!;
}

export function median(values: readonly number[]): number {
  return quantile(Float64Array.from(values).sort(), 0.5);
}

/** Bounds of the 95 % interval of the median of `values`, by resampling with a seed. */
export function medianInterval(values: readonly number[], seed: number, resamples = 2000): readonly [number, number] {
  if (values.length === 0) return [Number.NaN, Number.NaN];
  const random = mulberry32(seed);
  const medians = new Float64Array(resamples);
  for (let i = 0; i < resamples; i++) {
    medians[i] = median(values.map(() => values[Math.floor(random() * values.length)]!));
  }
  medians.sort();
  return [quantile(medians, 0.025), quantile(medians, 0.975)];
}

/** Small seeded generator (public domain algorithm by Tommy Ettinger): the same seed gives the same bounds. */
export function mulberry32(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A ratio and the bounds of its 95 % interval. */
export interface Interval {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/**
 * The ratio of two medians. Windows of the same index ran side by side, so they are drawn together: what disturbed both
 * cancels. NaN where the denominator is infinite: nobody is quick because another one lost its frames.
 */
export function ratioOfMedians(
  numerators: readonly number[],
  denominators: readonly number[],
  seed: number,
  resamples = 2000,
): Interval {
  if (numerators.length !== denominators.length || numerators.length === 0)
    throw new RangeError(`${numerators.length} windows cannot be paired with ${denominators.length}`);
  const over = (of: readonly number[], than: readonly number[]): number => {
    const denominator = median(than);
    return Number.isFinite(denominator) ? median(of) / denominator : Number.NaN;
  };
  const value = over(numerators, denominators);
  const random = mulberry32(seed);
  const ratios = new Float64Array(resamples);
  for (let i = 0; i < resamples; i++) {
    const drawn = numerators.map(() => Math.floor(random() * numerators.length));
    const [of, than] = [numerators, denominators].map((side) => drawn.map((at) => side[at]!));
    ratios[i] = over(of!, than!);
  }
  ratios.sort();
  return { value, low: quantile(ratios, 0.025), high: quantile(ratios, 0.975) };
}

/** The median with its interval. */
export function medianOf(values: readonly number[], seed: number): Interval {
  const [low, high] = medianInterval(values, seed);
  return { value: median(values), low, high };
}
