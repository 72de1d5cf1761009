import { describe, expect, it } from 'vitest';
import { BoundRing } from './bounds.js';
import { PING_PERIOD_US } from './line-load.js';
import { seeded } from './model/line.js';
import { rateDoubted } from './rate-doubt.js';

const BEND_PER_US = 0.3e-6 / 1e6;
const PING_US = PING_PERIOD_US;

/** How many of so many pings, each with the floor that `offsetAt` says, raise a doubt. */
function doubts(pings: number, offsetAt: (s: number) => number, { slope = 0, statedUs = 0 } = {}): number {
  const floors = new BoundRing(64);
  let count = 0;
  for (let s = 1; s <= pings; s++) {
    floors.add(s * PING_US, offsetAt(s));
    if (rateDoubted(floors, slope, BEND_PER_US, statedUs)) count++;
  }
  return count;
}

describe('rateDoubted', () => {
  it('is wrong at most once in four days, whatever the delays are like', () => {
    const random = seeded(1);
    const pings = 10_000_000;
    const atMost = (2 * pings) / 706_860;
    const uniform = doubts(pings, () => -1000 * random());
    expect(uniform).toBeGreaterThan(0);
    expect(uniform).toBeLessThan(atMost);
    expect(doubts(pings, () => (random() < 0.01 ? -50_000 : -20) * random())).toBeLessThan(atMost);
    expect(doubts(pings, () => -125 * Math.ceil(8 * random()) - random())).toBeLessThan(atMost);
  });

  it.each([200e-6, -200e-6])('hears a rate that steps by %f within five pings of a line with polls', (step) => {
    const random = seeded(2);
    const after = (s: number) => Math.max(0, s - 100) * PING_US * step;
    const line = (s: number) => 30e-6 * s * PING_US - 135 * random() + after(s);
    expect(doubts(100, line, { slope: 30e-6, statedUs: 150 })).toBe(0);
    expect(doubts(105, line, { slope: 30e-6, statedUs: 150 })).toBeGreaterThan(0);
  });

  it('leaves alone what a crystal that warms up explains, and what puts nothing outside of the interval', () => {
    for (const sign of [1, -1]) {
      const floors = new BoundRing(64);
      const warmingUs = (s: number) => ((sign * BEND_PER_US) / 2) * (s * PING_US) ** 2;
      for (let s = 1; s <= 64; s++) floors.add(s * PING_US, warmingUs(s));
      expect(rateDoubted(floors, sign * BEND_PER_US * 32 * PING_US, BEND_PER_US, 0)).toBe(false);
      expect(rateDoubted(floors, sign * BEND_PER_US * 32 * PING_US, BEND_PER_US / 4, 0)).toBe(true);
    }
    const shift = (s: number) => (s > 60 ? (s - 60) * 400 : 0);
    expect(doubts(64, shift, { statedUs: 1601 })).toBe(0);
    expect(doubts(64, shift, { statedUs: 1400 })).toBe(1);
  });
});
