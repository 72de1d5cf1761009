import { expect, it } from 'vitest';
import { ClockModel } from './clock.js';
import { seeded } from './model/line.js';
import { RoundTrips } from './round-trips.js';

const OFFSET_US = 5_000_000;
const PING_US = 500_000;

/** Round trips of a board of which the offset grows with `slope`: the ways there and back, µs, by the number of the ping. */
function roundTrips(count: number, ways: (k: number) => readonly [there: number, back: number], slope = 0): RoundTrips {
  const trips = new RoundTrips();
  for (let k = 0; k < count; k++) {
    const [there, back] = ways(k);
    const offsetUs = OFFSET_US + slope * k * PING_US;
    trips.add(k * PING_US, offsetUs - there, offsetUs + back);
  }
  return trips;
}

it('says nothing before it has seen enough', () => {
  expect(roundTrips(15, () => [50, 50]).likelyOffsetUs(0, 0, 100)).toBeNaN();
  expect(roundTrips(16, () => [50, 50]).likelyOffsetUs(0, 0, 100)).toBe(OFFSET_US);
});

it('takes the quicker half of the latest, each carried to now', () => {
  // Every second one was held up on its way back.
  const trips = roundTrips(20, (k) => [50, k % 2 === 0 ? 50 : 400], 40e-6);
  expect(trips.likelyOffsetUs(20 * PING_US, 40e-6, 100)).toBeCloseTo(OFFSET_US + 40e-6 * 20 * PING_US, 6);
});

it('says nothing where a round trip is much longer than the corridor is wide: the line polls', () => {
  const trips = roundTrips(16, (k) => [60, 60 + 1000 * k]);
  expect(trips.likelyOffsetUs(0, 0, 100)).toBeNaN();
  expect(roundTrips(16, () => [80, 80]).likelyOffsetUs(0, 0, 100)).toBeNaN();
});

it('moves what the clock says towards the truth, and never out of what it knows for certain', () => {
  const random = seeded(3);
  const way = () => 50 + 40 * random();
  const clock = new ClockModel();
  const out = { hostUs: 0, uncertaintyUs: 0 };
  const errors: number[] = [];
  for (let us = 1000; us < 60_000_000; us += 1000) {
    // One frame in 500 finds the host awake.
    clock.frame(us, us + OFFSET_US + (random() < 0.002 ? 40 : way()));
    if (us % PING_US === 0) {
      const rxUs = us + 300;
      clock.pong(rxUs + OFFSET_US - way(), rxUs, rxUs + 20, rxUs + 20 + OFFSET_US + way(), 0);
    }
    if (us < 20_000_000) continue;
    clock.map(us, out);
    const errorUs = out.hostUs - us - OFFSET_US;
    expect(Math.abs(errorUs)).toBeLessThan(out.uncertaintyUs);
    errors.push(Math.abs(errorUs));
  }
  // The middle of the corridor is up to 19 µs too low: bounds from pings are older and looser.
  expect(errors.sort((a, b) => a - b)[Math.floor(errors.length * 0.99)]).toBeLessThan(10);
});
