import fc from 'fast-check';
import { expect, it } from 'vitest';
import { DurationHistogram } from './histogram.js';

it('gives percentiles no lower than the true one and at most an eighth higher', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 2 ** 28 - 1 }), { minLength: 1, maxLength: 300 }),
      fc.constantFrom(0.01, 0.5, 0.9, 0.99, 1),
      (values, fraction) => {
        const histogram = new DurationHistogram();
        for (const value of values) histogram.record(value);
        const sorted = [...values].sort((a, b) => a - b);
        const exact = sorted[Math.ceil(fraction * sorted.length) - 1]!;
        const told = histogram.percentile(fraction);
        expect(told).toBeGreaterThanOrEqual(exact);
        expect(told).toBeLessThanOrEqual(exact * 1.125 + 1);
      },
    ),
  );
});

it('is NaN when empty and takes durations beyond its last bucket', () => {
  const histogram = new DurationHistogram();
  expect(histogram.percentile(0.99)).toBeNaN();
  histogram.record(1e12);
  expect(histogram.percentile(0.5)).toBe(2 ** 28);
  histogram.clear();
  expect(histogram.percentile(0.5)).toBeNaN();
});
