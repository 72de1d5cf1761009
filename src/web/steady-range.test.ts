import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SteadyRange } from './steady-range.js';

describe('y axis', () => {
  it('stays where it is while the values are within', () => {
    const range = new SteadyRange(0.25);
    const first = range.update(100, 200, 0);
    for (let ms = 16; ms < 60_000; ms += 16) {
      const swing = 30 * Math.sin(ms / 500);
      expect(range.update(120 - swing, 180 + swing / 2, ms)).toEqual(first);
    }
  });

  it('opens at once for a value outside', () => {
    const range = new SteadyRange(1);
    range.update(0, 10, 0);
    const [low, high] = range.update(-500, 10, 16);
    expect(low).toBeLessThanOrEqual(-500);
    expect(high).toBeGreaterThanOrEqual(10);
  });

  it('closes only after seconds in which the values left it unused, and at once no more than needed', () => {
    const range = new SteadyRange(1);
    const wide = range.update(0, 4000, 0);
    expect(range.update(0, 100, 100)).toEqual(wide);
    expect(range.update(0, 100, 3900)).toEqual(wide);
    expect(range.update(0, 4000, 4000)).toEqual(wide);
    expect(range.update(0, 100, 4100)).toEqual(wide);
    expect(range.update(0, 100, 8000)).toEqual(wide);
    const [, high] = range.update(0, 100, 8101);
    expect(high).toBeLessThan(200);
  });

  it('grows in one step to what a step of the signal needs, not by its own padding', () => {
    const range = new SteadyRange(0.25);
    range.update(1000, 1000, 0);
    range.update(1000, 2400, 16);
    const [low, high] = range.update(900, 2560, 32);
    expect(low).toBeGreaterThan(600);
    expect(high).toBeLessThan(3000);
  });

  it('of what is never negative begins at zero rather than below', () => {
    expect(new SteadyRange(1).update(10, 3000, 0)[0]).toBe(0);
  });

  it('shows a flat signal as a line with room around it', () => {
    const [low, high] = new SteadyRange(0.01).update(25, 25, 0);
    expect(low).toBeLessThan(24.95);
    expect(high).toBeGreaterThan(25.05);
    expect(high - low).toBeLessThan(1);
  });

  it('keeps its ends when there is nothing to draw', () => {
    const range = new SteadyRange(1);
    expect(range.update(null, null, 0)).toEqual([0, 24]);
    const ends = range.update(40, 90, 16);
    expect(range.update(null, null, 32)).toEqual(ends);
  });

  it('always holds what is drawn', () => {
    const value = fc.double({ min: -1e9, max: 1e9, noNaN: true });
    fc.assert(
      fc.property(fc.array(fc.tuple(value, value), { minLength: 1, maxLength: 30 }), (pairs) => {
        const range = new SteadyRange(0.5);
        pairs.forEach(([a, b], i) => {
          const [low, high] = range.update(Math.min(a, b), Math.max(a, b), i * 1500);
          expect(low).toBeLessThanOrEqual(Math.min(a, b));
          expect(high).toBeGreaterThanOrEqual(Math.max(a, b));
        });
      }),
    );
  });
});
