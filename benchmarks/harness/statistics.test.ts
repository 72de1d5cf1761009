import { describe, expect, it } from 'vitest';
import { median, medianInterval, quantile } from './statistics.js';

describe('statistics', () => {
  it('takes quantiles by nearest rank', () => {
    const sorted = Float64Array.from({ length: 100 }, (_, i) => i + 1);
    expect(quantile(sorted, 0.5)).toBe(50);
    expect(quantile(sorted, 0.99)).toBe(99);
    expect(quantile(sorted, 1)).toBe(100);
    expect(quantile(Float64Array.of(7), 0.99)).toBe(7);
    expect(quantile(new Float64Array(0), 0.5)).toBeNaN();
  });

  it('bounds a median, the same way for the same seed', () => {
    const values = Array.from({ length: 15 }, (_, i) => 10 + (i % 5));
    const interval = medianInterval(values, 1);
    expect(interval).toEqual(medianInterval(values, 1));
    expect(interval[0]).toBeLessThanOrEqual(median(values));
    expect(interval[1]).toBeGreaterThanOrEqual(median(values));
  });
});
