import { describe, expect, it } from 'vitest';
import { median, medianInterval, quantile, ratioOfMedians } from './statistics.js';

describe('statistics', () => {
  it('takes quantiles by nearest rank', () => {
    const sorted = Float64Array.from({ length: 100 }, (_, i) => i + 1);
    expect(quantile(sorted, 0.5)).toBe(50);
    expect(quantile(sorted, 0.99)).toBe(99);
    expect(quantile(sorted, 1)).toBe(100);
    expect(quantile(Float64Array.of(7), 0.99)).toBe(7);
    expect(quantile(new Float64Array(0), 0.5)).toBeNaN();
  });

  it('takes what did not come for later than all others', () => {
    const sorted = Float64Array.from({ length: 990 }, (_, i) => i + 1);
    expect(quantile(sorted, 0.5, 1000)).toBe(500);
    expect(quantile(sorted, 0.99, 1000)).toBe(990);
    expect(quantile(sorted, 0.991, 1000)).toBe(Number.POSITIVE_INFINITY);
    expect(quantile(sorted, 1, 980)).toBe(990);
  });

  it('calls nobody quick beside one that lost its frames, and nobody good who lost them', () => {
    const infinite = Array(12).fill(Number.POSITIVE_INFINITY);
    const some = Array(12).fill(100);
    expect(ratioOfMedians(some, infinite, 1)).toEqual({ value: Number.NaN, low: Number.NaN, high: Number.NaN });
    expect(ratioOfMedians(infinite, some, 1).low).toBe(Number.POSITIVE_INFINITY);
  });

  it('bounds a median, the same way for the same seed', () => {
    const values = Array.from({ length: 15 }, (_, i) => 10 + (i % 5));
    const interval = medianInterval(values, 1);
    expect(interval).toEqual(medianInterval(values, 1));
    expect(interval[0]).toBeLessThanOrEqual(median(values));
    expect(interval[1]).toBeGreaterThanOrEqual(median(values));
  });
});
