import { expect, test } from 'vitest';
import { RemoteClock } from './remote-clock.js';

const UTC = 1.7e15;
/** The bridge's clock is behind by this much. */
const BEHIND_US = 5e9;

function clockAfter(ways: readonly (readonly [sentUs: number, wayUs: number])[]): RemoteClock {
  const clock = new RemoteClock();
  for (const [sentUs, wayUs] of ways) clock.take(sentUs, UTC + sentUs, sentUs + BEHIND_US + wayUs);
  return clock;
}

test('the quickest message says how the clocks stand, and each other one how much longer it took', () => {
  const clock = clockAfter([
    [1e6, 900],
    [2e6, 200],
    [3e6, 40_000],
  ]);
  // But for what two clocks may have drifted apart in a second.
  expect(Math.abs(clock.offsetUs - BEHIND_US - 200)).toBeLessThan(210);
  expect(Math.abs(clock.excessUs - 39_800)).toBeLessThan(210);
});

test('the UTC is that of the bridge', () => {
  const clock = clockAfter([[1e6, 0]]);
  expect(clock.utcOffsetUs + BEHIND_US + 7e6).toBe(UTC + 7e6);
});

test('drift is followed', () => {
  const ppm = 100;
  const ways = Array.from({ length: 600 }, (_, s) => [s * 1e6, 300 + s * ppm] as const);
  expect(clockAfter(ways).offsetUs).toBeCloseTo(BEHIND_US + 300 + 599 * ppm, 3);
});

test('what stands between is not got used to: after five minutes of messages that are 5 s late they still are', () => {
  const clock = clockAfter([[0, 300], ...Array.from({ length: 300 }, (_, s) => [(s + 1) * 1e6, 5e6] as const)]);
  expect(clock.excessUs).toBeGreaterThan(4.9e6);
});

test('a bridge whose machine slept for an hour is followed at once', () => {
  const clock = clockAfter([[1e6, 300]]);
  const sleptUs = 3600e6;
  clock.take(2e6, UTC + 2e6 + sleptUs, 2e6 + BEHIND_US + sleptUs + 300);
  expect(clock.offsetUs).toBe(BEHIND_US + sleptUs + 300);
});

test('a wall clock that is set moves nothing but the time that is shown', () => {
  const clock = clockAfter([[1e6, 300]]);
  clock.take(2e6, UTC + 2e6 + 3600e6, 2e6 + BEHIND_US + 300);
  expect(clock.offsetUs).toBeCloseTo(BEHIND_US + 300, 6);
  expect(clock.utcOffsetUs + BEHIND_US + 300).toBeCloseTo(UTC + 3600e6, 0);
});

test('one of which this machine slept seems no younger', () => {
  const clock = clockAfter([[1e6, 300]]);
  clock.take(3602e6, UTC + 3602e6, 2e6 + BEHIND_US + 300);
  expect(clock.offsetUs).toBe(BEHIND_US - 3600e6 + 300);
});
